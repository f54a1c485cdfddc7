/** The report's style: light and dark as the reader has it; on paper two pages at most. */
export const style = `
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#d0d0d0;--copy:#2b6cb0;--seal:#b7791f;--switch:#6b46c1;--open:#2f855a;--pull:#2c7a7b;--idle:#a0aec0;--bad:#c53030}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#161616;--line:#444;--copy:#63b3ed;--seal:#ecc94b;--switch:#b794f4;--open:#68d391;--pull:#4fd1c5;--idle:#718096;--bad:#fc8181}}
body{margin:2rem auto;max-width:60rem;padding:0 1rem;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;border-bottom:1px solid var(--line);margin:1.6rem 0 .6rem}h3{font-size:1rem;margin:.8rem 0 .2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0}dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.9em}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block;margin:.3rem 0}svg text{font-size:13px;fill:var(--ink)}svg text.on{fill:var(--paper)}
.key span{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}.key{font-size:.9em;margin:.2rem 0}
.copy{fill:var(--copy);background:var(--copy)}.seal{fill:var(--seal);background:var(--seal)}.switch{fill:var(--switch)}.open{fill:var(--open);background:var(--open)}.pull{fill:var(--pull)}.idle{fill:var(--idle)}.bad{fill:var(--bad);background:var(--bad)}.line{stroke:var(--line)}
.paper{display:none}
@page{size:A4;margin:11mm}
@media print{:root{color-scheme:light;--ink:#1b1b1b;--paper:#fff;--line:#d0d0d0;--copy:#2b6cb0;--seal:#b7791f;--switch:#6b46c1;--open:#2f855a;--pull:#2c7a7b;--idle:#a0aec0;--bad:#c53030}
*{print-color-adjust:exact}body{margin:0;padding:0;max-width:none;font-size:8.5px;line-height:1.2}h1{font-size:14px}h2{font-size:11px;margin:.7rem 0 .3rem}h3{font-size:9.5px;margin:.3rem 0 0}p{margin:.2rem 0}
h2{break-after:avoid}svg,tr{break-inside:avoid}th,td{padding:.1rem .6rem .1rem 0}.more{display:none}.paper{display:block}}
`;
