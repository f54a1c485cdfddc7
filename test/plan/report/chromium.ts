/** A headless Chromium, spoken to over its own DevTools protocol by a pipe: for tests of the report's page. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

type Values = Readonly<Record<string, unknown>>;
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Values;
  readonly result?: Values;
  readonly error?: { readonly message: string };
}

/** What a page did that a report must not do. */
export interface Heard {
  /** Messages on the console, errors, and what the page's own policy forbade. */
  readonly said: readonly string[];
  /** Addresses that were asked for, but for the page's own. */
  readonly asked: readonly string[];
}

/** How the page is shown. */
export interface Look {
  readonly dark?: boolean;
  readonly scripts?: boolean;
  /** Pixels; default 920. */
  readonly width?: number;
}

export class Chromium {
  private readonly folder = mkdtempSync(join(tmpdir(), "chromium-"));
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (message: Message) => void>();
  private readonly listeners = new Set<(message: Message) => void>();
  private last = 0;

  constructor(path: string) {
    this.child = spawn(
      path,
      [
        "--headless",
        // As root it has no sandbox. What it opens are files of this test.
        "--no-sandbox",
        "--remote-debugging-pipe",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        `--user-data-dir=${this.folder}`,
        "about:blank",
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    let text = "";
    (this.child.stdio[4] as Readable).setEncoding("utf8").on("data", (part: string) => {
      const messages = (text + part).split("\0");
      text = messages.pop() ?? "";
      for (const each of messages) this.hear(JSON.parse(each) as Message);
    });
  }

  /** Opens a file in a page of its own, hands it over, and closes it. */
  async open<T>(file: string, look: Look, work: (page: Page) => Promise<T>): Promise<T> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, String(sessionId), pathToFileURL(file).href);
    try {
      await page.show(look);
      return await work(page);
    } finally {
      await this.send("Target.closeTarget", { targetId });
    }
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    await this.send("Browser.close");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  listen(listener: (message: Message) => void): void {
    this.listeners.add(listener);
  }

  /** Throws what Chromium answers with an error. */
  send(method: string, params: Values = {}, sessionId?: string): Promise<Values> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      const message = { id, method, params, ...(sessionId === undefined ? {} : { sessionId }) };
      (this.child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    });
  }

  private hear(message: Message): void {
    if (message.id === undefined) for (const each of this.listeners) each(message);
    else {
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    }
  }
}

export class Page {
  private readonly said: string[] = [];
  private readonly asked: string[] = [];
  private loaded: () => void = () => undefined;

  constructor(
    private readonly chromium: Chromium,
    private readonly session: string,
    private readonly url: string,
  ) {
    chromium.listen(({ method, sessionId, params }) => {
      if (sessionId !== session) return;
      if (method === "Page.loadEventFired") this.loaded();
      const request = params?.["request"] as { readonly url: string } | undefined;
      if (method === "Network.requestWillBeSent" && request !== undefined && request.url !== url)
        this.asked.push(request.url);
      if (["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"].includes(method ?? ""))
        this.said.push(JSON.stringify(params));
    });
  }

  async show({ dark = false, scripts = true, width = 920 }: Look): Promise<void> {
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await this.send(`${domain}.enable`);
    await this.send("Emulation.setScriptExecutionDisabled", { value: !scripts });
    await this.send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    });
    await this.send("Emulation.setDeviceMetricsOverride", {
      width,
      height: 800,
      deviceScaleFactor: 1,
      mobile: false,
    });
    const loaded = new Promise<void>((resolve) => (this.loaded = resolve));
    await this.send("Page.navigate", { url: this.url });
    await loaded;
  }

  heard(): Heard {
    return { said: this.said, asked: this.asked };
  }

  /** The value of an expression in the page. */
  async value<T>(expression: string): Promise<T> {
    const { result } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
    return (result as { readonly value: T }).value;
  }

  /** All that a reader sees, in lines. */
  text(): Promise<string> {
    return this.value("document.body.innerText");
  }

  /** The whole page as PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: true });
    return Buffer.from(String(data), "base64");
  }

  /** The page on paper, as PDF. */
  async printed(): Promise<Buffer> {
    const { data } = await this.send("Page.printToPDF", { preferCSSPageSize: true, printBackground: true });
    return Buffer.from(String(data), "base64");
  }

  private send(method: string, params?: Values): Promise<Values> {
    return this.chromium.send(method, params, this.session);
  }
}
