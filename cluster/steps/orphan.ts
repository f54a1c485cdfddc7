/**
 * Ends the dynamic provider's process once nobody reads its output, because its CLI was killed. Pulumi's host answers
 * each uncaught error with a line on standard error, which fails and is the next uncaught error. Such orphans wrote
 * the same EPIPE for half an hour and longer, each at a full CPU (seen with strace after a SIGKILL of the CLI).
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
