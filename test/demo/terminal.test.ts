import { Terminal } from "./terminal";

function shown(text: string): string[] {
  const lines: string[] = [];
  const terminal = new Terminal((line) => lines.push(line));
  for (const line of text.split("\n")) terminal.line(line);
  return lines;
}

test("a resource is named once: when it has come to its end", () => {
  expect(
    shown(`Updating (dev):

 +  kubernetes:core/v1:Pod live-pod creating (0s)
 +  kubernetes:core/v1:Pod live-pod creating (0s) Found {.metadata.uid}
 +  kubernetes:core/v1:Pod live-pod created (0.22s)
 -  openstack:objectstorage:Container lab-3ace4-image-registry deleting (0s)[retain]
 -  openstack:objectstorage:Container lab-3ace4-image-registry deleted (0.02s)[retain]
 +  pulumi:pulumi:Stack image-registry-swift-dev creating (0s)
 +  pulumi:pulumi:Stack image-registry-swift-dev created (28s) 8 messages`),
  ).toEqual([
    "Updating (dev):",
    "",
    " +  kubernetes:core/v1:Pod live-pod created (0.22s)",
    " -  openstack:objectstorage:Container lab-3ace4-image-registry deleted (0.02s)[retain]",
  ]);
});

test("a replacement is one line", () => {
  expect(
    shown(` -- kubernetes:core/v1:Pod live-pod deleting original (0s)
 -- kubernetes:core/v1:Pod live-pod deleted original (0.06s)
 +- kubernetes:core/v1:Pod live-pod replacing (0s) [diff: ~metadata]
 +- kubernetes:core/v1:Pod live-pod replaced (0.00s) [diff: ~metadata]
 ++ kubernetes:core/v1:Pod live-pod creating replacement (0s) [diff: ~metadata];
 ++ kubernetes:core/v1:Pod live-pod created replacement (0.21s) [diff: ~metadata];`),
  ).toEqual([" ++ kubernetes:core/v1:Pod live-pod created replacement (0.21s) [diff: ~metadata]"]);
});

test("a row that failed stays", () => {
  const row = " +  kubernetes:core/v1:Pod live-pod **creating failed** 1 error";
  expect(shown(row)).toEqual([row]);
});

test("what was said live is not said again under Diagnostics, and an error is said there", () => {
  expect(
    shown(` ~  pulumi:pulumi:Stack image-registry-swift-dev updating (31s) [sealing] the registry is read-only (6.8 s)
    pulumi:pulumi:Stack image-registry-swift-dev running error: the volume is away
 +  pulumi-nodejs:do:Patch migrate-seal created (7s)
Diagnostics:
  pulumi:pulumi:Stack (image-registry-swift-dev):
    [sealing] the registry is read-only (6.8 s)

  pulumi-nodejs:do:Copy (final-copy):
    error: the volume is away

Outputs:
    state    : "migrate"`),
  ).toEqual([
    "[sealing] the registry is read-only (6.8 s)",
    " +  pulumi-nodejs:do:Patch migrate-seal created (7s)",
    "Diagnostics:",
    "  pulumi-nodejs:do:Copy (final-copy):",
    "    error: the volume is away",
    "Outputs:",
    '    state    : "migrate"',
  ]);
});

test("a refusal is said once, whole", () => {
  expect(
    shown(`Previewing update (dev):

 +  pulumi:pulumi:Stack image-registry-swift-dev create
 +  pulumi:pulumi:Stack image-registry-swift-dev create error: Refused: state switch cannot be entered from here.
 +  pulumi:pulumi:Stack image-registry-swift-dev create 1 error
Diagnostics:
  pulumi:pulumi:Stack (image-registry-swift-dev):
    error: Refused: state switch cannot be entered from here.
    [no-proof] no final copy of the images has been proven
Resources:
    + 1 to create


`),
  ).toEqual([
    "Previewing update (dev):",
    "",
    "Diagnostics:",
    "  pulumi:pulumi:Stack (image-registry-swift-dev):",
    "    error: Refused: state switch cannot be entered from here.",
    "    [no-proof] no final copy of the images has been proven",
    "",
  ]);
});

test("of an output that changed the new value is shown", () => {
  expect(
    shown(`Outputs:
  ~ next     : "pulumi up" => "pulumi config set state switch && pulumi up"
  - copied   : "copied 0 objects"`),
  ).toEqual([
    "Outputs:",
    '    next     : "pulumi config set state switch && pulumi up"',
    '  - copied   : "copied 0 objects"',
  ]);
});

test("of an output with several lines the command that prints it", () => {
  expect(
    shown(`Outputs:
    next     : "pulumi up"
  ~ plan     : {
      + bytes               : 218196136
      ~ pushesRefusedSeconds: 0 => 34
    }
  ~ readme   :
        # The image registry's migration
      - - **Registry**: writable
      + - **Registry**: read-only
    registry : "read-only"

Resources:
    + 6 created`),
  ).toEqual([
    "Outputs:",
    '    next     : "pulumi up"',
    "    plan     : (npx pulumi stack output plan --json)",
    "    readme   : (npx pulumi stack output readme)",
    '    registry : "read-only"',
    "",
    "Resources:",
    "    + 6 created",
  ]);
});

test("of the preview before an update what it says, and neither resources nor outputs", () => {
  expect(
    shown(`Previewing update (dev):

    pulumi:pulumi:Stack image-registry-swift-dev running [plan] pushes: refused for about 23 s
 +  pulumi-nodejs:do:Patch switch-to-swift create
    pulumi:pulumi:Stack image-registry-swift-dev 2 messages
Diagnostics:
  pulumi:pulumi:Stack (image-registry-swift-dev):
    [plan] pushes: refused for about 23 s

Outputs:
  ~ state    : "migrate" => "switch"

Resources:
    + 6 to create

Updating (dev):

 +  pulumi-nodejs:do:Patch switch-to-swift created (9s)
Outputs:
  ~ state    : "migrate" => "switch"`),
  ).toEqual([
    "Previewing update (dev):",
    "",
    "[plan] pushes: refused for about 23 s",
    "",
    "Updating (dev):",
    "",
    " +  pulumi-nodejs:do:Patch switch-to-swift created (9s)",
    "Outputs:",
    '    state    : "switch"',
  ]);
});
