/** Stands in for a suite that cannot run here: its reason is the test's name and is printed. */
export function skipped(what: string, reason: string): void {
  test(`SKIPPED: ${what}: ${reason}`, () => {
    console.warn(`skipped: ${what}: ${reason}`);
    expect(reason).not.toBe("");
  });
}
