import { get as plainGet, type IncomingMessage } from "node:http";
import { get as tlsGet } from "node:https";

/**
 * Asks whether a part's own health page answers 200.
 * The certificate is not looked at: a part that serves makes its own, and the question is only whether it serves.
 * @throws Error with the answer, or why there is none
 */
export async function checkHttp(url: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const answer = (response: IncomingMessage) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text = (text + chunk).slice(0, 500)));
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url} answers ${response.statusCode}: ${text.trim()}`));
      });
    };
    const options = { timeout: 5000, agent: false as const };
    const request = url.startsWith("https:")
      ? tlsGet(url, { ...options, rejectUnauthorized: false }, answer)
      : plainGet(url, options, answer);
    request.on("timeout", () => request.destroy(new Error(`${url} does not answer within 5 s`)));
    request.on("error", reject);
  });
}
