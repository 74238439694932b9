// Validates the AsyncAPI document with the official parser. A diagnostic above a hint fails.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

// The parser's diagnostics are errors (0), warnings (1), and hints above.
const WARNING = 1;

const path = process.argv[2];
const { document, diagnostics } = await new Parser().parse(await readFile(path, "utf8"), {
  source: path,
});
const grave = diagnostics.filter(({ severity }) => severity <= WARNING);
for (const { code, message, path: where } of grave) {
  console.error(`${path}: ${where.join(".")}: ${message} (${code})`);
}
if (!document || grave.length > 0) process.exit(1);
console.log(`${path}: ${document.allMessages().length} messages, ${document.allOperations().length} operations`);
