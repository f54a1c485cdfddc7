/**
 * Ends the dynamic provider's process once nobody reads what it says: its CLI was killed. Pulumi's host answers each
 * uncaught error with a line on standard error, also the one that this very line meets there; such orphans wrote the
 * same EPIPE for half an hour and longer, each on a CPU of its own (seen with strace after a SIGKILL of the CLI).
 */
export function endWithCli(): void {
  if (watching) {
    return;
  }
  watching = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") {
        process.exit(1);
      }
      throw error;
    });
  }
}

let watching = false;
