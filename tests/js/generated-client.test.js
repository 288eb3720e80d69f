// A client generated from our `$metadata` by odata2ts compiles.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const modules = join(import.meta.dirname, "node_modules");

function runs(script, args, cwd) {
  const done = spawnSync(process.execPath, [join(modules, script), ...args], { cwd, encoding: "utf8" });
  assert.equal(done.status, 0, `${script} ${args.join(" ")}\n${done.stdout}\n${done.stderr}`);
}

test("odata2ts generates a client from $metadata and tsc compiles it", async () => {
  // Below this folder, so that the packages are found.
  const folder = mkdtempSync(join(import.meta.dirname, "generated-"));
  try {
    const answer = await fetch(`${process.env.OFFICECONFIG_URL}/beta/$metadata`);
    assert.equal(answer.status, 200);
    writeFileSync(join(folder, "metadata.xml"), await answer.text());
    const compilerOptions = {
      target: "es2022", module: "es2022", moduleResolution: "bundler", strict: true, noEmit: true, skipLibCheck: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["client"] }));
    const options = ["--source", "metadata.xml", "--output", "client", "--mode", "all", "--emit-mode", "ts"];
    runs("@odata2ts/odata2ts/lib/run-cli.js", [...options, "--service-name", "OfficeConfig"], folder);
    const made = readdirSync(join(folder, "client"), { recursive: true }).map(String);
    assert.ok(made.some((name) => name.endsWith("Service.ts")), made.join(", "));
    const service = made.find((name) => /OfficeConfigService\.ts$/.test(name));
    assert.ok(service, made.join(", "));
    const text = readFileSync(join(folder, "client", service), "utf8");
    assert.match(text, /officeConfiguration/);
    runs("typescript/lib/tsc.js", ["-p", "tsconfig.json"], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
