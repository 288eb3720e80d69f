// Runs the suites of this folder with Node's own test runner and closes with `N passed, N failed, N skipped`.
import { run } from "node:test";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(here)
  .filter((name) => name.endsWith(".test.js"))
  .map((name) => here + name);
const counts = { passed: 0, failed: 0, skipped: 0 };

const stream = run({ files, concurrency: 1 });
stream.on("test:fail", (event) => {
  if (event.details.type === "suite" || files.includes(event.name)) return;
  counts.failed += 1;
  console.log(`not ok: ${event.name}`);
  console.log(event.details.error?.cause ?? event.details.error);
});
stream.on("test:pass", (event) => {
  if (event.details.type === "suite" || files.includes(event.name)) return;
  if (event.skip !== undefined) {
    counts.skipped += 1;
    console.log(`skipped: tests/js ${event.name}: ${event.skip}`);
    return;
  }
  counts.passed += 1;
  console.log(`ok: ${event.name}`);
});
stream.on("test:stderr", (event) => process.stderr.write(event.message));
stream.on("end", () => {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
});
stream.resume();
