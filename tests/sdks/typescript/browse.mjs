// Open a page in Chromium, evaluate an expression in it, tell what happened. Usage: browse.mjs CHROMIUM URL EXPRESSION [SCREENSHOT]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [executablePath, url, expression, screenshot] = process.argv.slice(2);
const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
const offline = ["--disable-background-networking", "--disable-component-update"];
const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : []; // Chromium has none for root
const profile = mkdtempSync(join(tmpdir(), "stageline-chromium-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1280, height: 1000 },
  args: [...quiet, ...offline, ...sandbox],
});
try {
  const page = await context.newPage();
  const errors = [];
  const requests = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  context.on("request", (request) => requests.push(request.url()));
  await page.goto(url, { waitUntil: "networkidle" });
  const result = await page.evaluate(expression);
  if (screenshot) await page.screenshot({ path: screenshot });
  console.log(JSON.stringify({ result, errors, requests }));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
