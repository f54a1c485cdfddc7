import { besideTheRegistry } from "../../../cluster/registry/patch";
import { proven, provenJournal, untouched } from "../observations";
import { migrate, toSwift, back, withConfig, expectWarned, type WarningCase } from "../support";

describe("warnings stop nothing", () => {
  const warnings: readonly WarningCase[] = [
    ["read-only-before", migrate, withConfig(untouched, { readOnly: true }), "oc patch"],
    [
      "read-only-before",
      toSwift,
      { ...proven, journal: { ...provenJournal, previous: { ...provenJournal.previous!, readOnly: true } } },
      "read-only again after switch",
    ],
    [
      "journal-lost",
      back,
      withConfig(untouched, { readOnly: true, affinity: besideTheRegistry }),
      "no journal says so",
    ],
  ];
  test.each(warnings)("%s", (id, wanted, seen, word) => expectWarned(id, wanted, seen, word));
});
