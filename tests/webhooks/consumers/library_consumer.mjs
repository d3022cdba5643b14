// A consumer on a published library. Usage: node library_consumer.mjs PORT SECRET standardwebhooks|svix
import { createServer } from "node:http";

const [port, secret, library] = process.argv.slice(2);
const { Webhook, WebhookVerificationError } = await import(library);
const webhook = new Webhook(secret);

function statusOf(body, headers) {
  try {
    webhook.verify(body, headers);
    return 204;
  } catch (refusal) {
    if (refusal instanceof WebhookVerificationError) return 400;
    throw refusal;
  }
}

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => response.writeHead(statusOf(Buffer.concat(chunks).toString(), request.headers)).end());
}).listen(port, "127.0.0.1");
