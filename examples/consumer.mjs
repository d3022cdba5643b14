// A webhook consumer: verify, drop duplicates, keep the order. Usage: node examples/consumer.mjs 9000 whsec_…
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE_SECONDS = 300;
const [port, secret] = process.argv.slice(2);
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
const seen = new Set(); // keep these two in your database, in the transaction that handles the event
const newest = new Map();

function isGenuine(headers, body) {
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`;
  const expected = Buffer.from("v1," + createHmac("sha256", key).update(signed).update(body).digest("base64"));
  const entries = (headers["webhook-signature"] ?? "").split(" ").map((entry) => Buffer.from(entry)); // two during a rotation
  const isSigned = entries.some((entry) => entry.length === expected.length && timingSafeEqual(entry, expected));
  return isSigned && Math.abs(Date.now() / 1000 - Number(headers["webhook-timestamp"])) <= TOLERANCE_SECONDS;
}

function handle({ id, type, subject }) {
  if (seen.has(id)) return;
  const last = newest.get(subject.id) ?? 0;
  const isLate = subject.sequence < last; // a redelivery: newer ones were handled, keep their state
  console.log(subject.type, subject.sequence, type, ...(isLate ? ["late"] : []));
  newest.set(subject.id, Math.max(subject.sequence, last));
  seen.add(id);
}

createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const genuine = isGenuine(request.headers, body);
    if (genuine) handle(JSON.parse(body));
    response.writeHead(genuine ? 204 : 400).end(); // only now: what is acknowledged is not sent again
  });
}).listen(port, "127.0.0.1");
