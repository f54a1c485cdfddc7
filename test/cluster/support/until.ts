/** Waits, for at most 10 s, until a step that is under way has done something. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error(`not within 10 s: ${String(condition)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
