import type { TSchema } from '@sinclair/typebox';
import { nativeApi } from './native-api.ts';
import type { NativeRoute } from './native-route.ts';

/** The reference of the native API, in Markdown, made of the routes themselves. */
export function describeNativeApi(): string {
  return [
    introduction,
    ...nativeApi.map(({ title, prefix, routes }) => [`## ${title}`, ...routes.map((route) => describeRoute(prefix, route))].join('\n\n')),
  ]
    .join('\n\n')
    .concat('\n');
}

function describeRoute(prefix: string, { method, path, summary, query, body, bodyStream, answers }: NativeRoute): string {
  const lines = [`### \`${method} ${prefix}${path}\``, '', summary];
  const parameters = propertiesOf(query);
  if (parameters.length > 0)
    lines.push('', '| query | |', '|---|---|', ...parameters.map(([name, schema]) => `| \`${name}\` | ${schema.description ?? ''} |`));
  if (bodyStream !== undefined) lines.push('', `Body: ${bodyStream}.`);
  if (body !== undefined) lines.push('', `Body: JSON, \`${typeOf(body)}\`.`);
  lines.push('', `Answers ${answers}.`);
  return lines.join('\n');
}

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

const propertiesOf = (schema: TSchema | undefined): readonly (readonly [string, JsonSchema])[] =>
  Object.entries((schema as JsonSchema | undefined)?.properties ?? {});

/** Long objects are the engine's own types, and stand in the type declarations of `@jocker/protocol`. */
const inlineMax = 8;

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.type === 'array') return `${typeOf(schema.items ?? {})}[]`;
  if (schema.type !== 'object') return schema.type ?? 'unknown';
  if (schema.patternProperties !== undefined) return `{ [name]: ${Object.values(schema.patternProperties).map(typeOf).join(' | ')} }`;
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length > inlineMax) return `{ ${properties.map(([name]) => name).join(', ')} }`;
  const required = new Set(schema.required);
  return `{ ${properties.map(([name, inner]) => `${name}${required.has(name) ? '' : '?'}: ${typeOf(inner)}`).join(', ')} }`;
}

const introduction = `# The native API

<!-- Made from the routes in packages/server/src/native, and held to them by a test. -->

HTTP on the daemon's unix socket (\`/run/jocker/jocker.sock\`, mode 0660). \`@jocker/client\` is a typed client of it; any other HTTP client does:

\`\`\`console
$ curl --unix-socket /run/jocker/jocker.sock http://jocker/jocker/v1/containers
$ curl --unix-socket /run/jocker/jocker.sock http://jocker/run -d '{"image":"host:busybox","name":"web","cmd":["sleep","60"]}'
\`\`\`

- Bodies are JSON (8 MiB at most) unless a call takes a stream. A property that is not known is refused by its name.
- A container is named by its name, its id or an unambiguous prefix of the id; an image by its reference, id or id prefix, percent-encoded.
- Errors have a status of 400 or more and the body \`{ code, message, details }\`. The code says what a caller can do; \`details.reason\`, where
  there is one, says more: \`not-modified\`, \`command-not-found\`, \`command-not-executable\`, \`no-such-image\`, \`no-such-container\`,
  \`no-such-exec\`, \`no-such-network\`, \`predefined\`, \`already-connected\`, \`not-connected\`, \`not-running\`, \`in-use\`, \`name-in-use\`.

  | code | status | | code | status |
  |---|---|---|---|---|
  | invalid-argument | 400 | | internal, data-loss | 500 |
  | unauthenticated | 401 | | unsupported | 501 |
  | permission-denied | 403 | | unavailable | 503 |
  | not-found | 404 | | deadline-exceeded | 504 |
  | already-exists, failed-precondition | 409 | | resource-exhausted | 507 |
  | cancelled | 499 | | | |
- \`jocker-client: NAME\` names the caller in operations and events.
- What changes something goes on when its client goes away, and is found under operations; with \`jocker-on-disconnect: cancel\` it is cancelled
  then. Waits, follows and downloads end with their client.
- A request with an \`Origin\` header comes from a web page and is refused.

## Frames

Attach and exec answer \`Connection: Upgrade\`, \`Upgrade: jocker-stream\` with \`101\`; the connection then carries frames in both directions, as does
the answer of logs: one byte of type, four bytes of length (big-endian), the payload. Unknown types are skipped.

| type | | from | payload |
|---|---|---|---|
| 0 | stdin | client | bytes |
| 1 | end of stdin | client | none; output goes on |
| 2 | resize | client | JSON \`{ columns, rows }\` |
| 3 | stdout | engine | bytes; everything when there is a terminal |
| 4 | stderr | engine | bytes |
| 5 | exit | engine | JSON \`{ exitCode }\`; the last frame |
| 6 | error | engine | JSON \`{ code, message, details }\`; the last frame |
| 7 | log entry | engine | four bytes of length, JSON \`{ time, stream, cursor, containerId }\` of that length, the bytes |

A client that closes the connection leaves the process running.`;
