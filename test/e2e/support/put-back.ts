/**
 * Puts back what a story changed, whatever came of it. When both fail, the story's own failure is the one that counts:
 * what cannot be put back is often its consequence, and is said beside it.
 */
export async function thenPutBack(story: () => Promise<void>, putBack: () => Promise<void>): Promise<void> {
  try {
    await story();
  } catch (error) {
    await putBack().catch((also: unknown) =>
      console.log(`  not put back: ${also instanceof Error ? also.message : String(also)}`),
    );
    throw error;
  }
  await putBack();
}
