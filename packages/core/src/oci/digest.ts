/** `sha256:` and 64 lower-case hex digits, or `sha512:` and 128. Only `parseDigest` makes one from foreign text. */
export type Digest = `sha256:${string}` | `sha512:${string}`;
