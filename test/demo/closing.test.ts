import { closingBlock } from "./closing";

const probed = (requests: number, failures: number, away: number) => ({
  requests,
  failures,
  away,
  reasons: [],
});

test("the closing block has every figure of the way, there and back, and the way on", () => {
  const told = {
    there: { readOnly: 48, probed: probed(1106, 0, 0) },
    back: { readOnly: 18.84, probed: probed(407, 46, 4.8) },
    proven: { objects: 250, bytes: 218_205_940 },
    pulled: [38, 39] as const,
  };
  expect(closingBlock(told, "/lab/kubeconfig", 262).join("\n")).toMatchInlineSnapshot(`
   "The whole way took place, 4 minutes in all. What it cost the registry's users:
                                         to Swift          and back
     read-only                             48.0 s            18.8 s
     without an answer                      0.0 s             4.8 s
     failed requests                   0 of 1,106         46 of 407
     images pulled afterwards                  38                39
     proven equal on both sides before the switch: 250 objects, 218,205,940 bytes
   The lab stays up. To look around, to go the way yourself, to remove it:
     export KUBECONFIG=/lab/kubeconfig; npm run lab -- status
     README.md, Using it: the same commands, on this cluster (stack dev has its config) or on yours
     npm run lab -- down --wipe"
  `);
});
