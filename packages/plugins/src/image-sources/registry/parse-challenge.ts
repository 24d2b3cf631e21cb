/** A `WWW-Authenticate` header, as far as registries use it. */
export interface Challenge {
  readonly scheme: 'bearer' | 'basic';
  readonly parameters: Readonly<Record<string, string>>;
}

/** The first challenge that a client can answer; several may stand in one header. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const match = /(?:^|,)\s*(bearer|basic)(?:\s+|$)/i.exec(header ?? '');
  if (header === undefined || match === null) return undefined;
  const rest = header.slice(match.index + match[0].length);
  const parameters: Record<string, string> = {};
  for (const [, key, quoted, bare] of rest.matchAll(/([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi)) {
    if (key !== undefined) parameters[key.toLowerCase()] ??= quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '';
  }
  return { scheme: match[1]?.toLowerCase() === 'bearer' ? 'bearer' : 'basic', parameters };
}
