// Validates every example against the JSON Schemas, and writes all of them into a typed TypeScript
// module for the compiler. Usage: check-examples.mjs REPOSITORY OUTPUT
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const [repository, output] = process.argv.slice(2);
const examples = join(repository, "crates/chat-protocol/examples");
const schemas = join(repository, "docs/protocol/json-schema");

const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));

async function readFolder(folder) {
  const names = (await readdir(folder)).sort();
  const entries = names.map(async (name) => [name.replace(/\.json$/, ""), await readJson(join(folder, name))]);
  return new Map(await Promise.all(entries));
}

/** The examples of a profile, by packet type. */
function examplesOf(profile, first, grown, known) {
  const all = profile === "abu.chat.v1" ? first : new Map([...first, ...grown]);
  return new Map([...all].filter(([name]) => known.has(name)));
}

function validatorOf(schema) {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, keywords: ["x-since"] });
  addFormats.default(ajv);
  return ajv.compile(schema);
}

const first = await readFolder(join(examples, "packets"));
const grown = await readFolder(join(examples, "grown"));
let wrong = 0;
let checked = 0;

function check(validate, packet, what) {
  checked += 1;
  if (validate(packet)) return;
  wrong += 1;
  console.error(`${what}: ${JSON.stringify(validate.errors)}`);
}

const module = ["// Made by check-examples.mjs.", 'import type * as chat from "abu-chat-protocol";'];
for (const profile of ["abu.chat.v1", "abu.chat.v2"]) {
  const ofPackets = await readFolder(join(schemas, profile));
  const whole = await readJson(join(schemas, `${profile}.json`));
  const validateAny = validatorOf(whole);
  const clientPackets = whole.$defs.ClientPacket.oneOf.map(({ $ref }) => $ref);
  for (const [name, packet] of examplesOf(profile, first, grown, ofPackets)) {
    check(validatorOf(ofPackets.get(name)), packet, `${profile} ${name}`);
    check(validateAny, packet, `${profile} ${name} in the whole`);
    const type = clientPackets.includes(`#/$defs/${name}`) ? "ClientPacket" : "ServerPacket";
    const namespace = profile === "abu.chat.v1" ? "chat.V1" : "chat";
    const constant = `${namespace}.${name}`.replaceAll(/[.-]/g, "_");
    module.push(`export const ${constant}: ${namespace}.${type} = ${JSON.stringify(packet)};`);
  }
}
await writeFile(output, `${module.join("\n")}\n`);
if (wrong > 0 || checked === 0) process.exit(1);
console.log(`${checked} times an example held against a schema`);
