/**
 * A shell pattern: `*` and `?` stay within a segment, `[a-z]` and `[^a]` are classes. Each segment is matched by itself, with
 * one way back at most, so that no pattern takes long.
 */
export function matchesPattern(text: string, pattern: string): boolean {
  const [segments, patterns] = [text.split('/'), pattern.split('/')];
  return (
    segments.length === patterns.length && segments.every((segment, index) => matchesSegment(segment, tokensOf(patterns[index] ?? '')))
  );
}

type Token = '*' | ((character: string) => boolean);

function tokensOf(pattern: string): readonly Token[] {
  return (pattern.match(/\[\^?[^\]]+\]|\\.|[^]/gu) ?? []).map((piece): Token => {
    if (piece === '*') return '*';
    if (piece === '?') return () => true;
    if (piece.length > 2 && piece.startsWith('[')) return classOf(piece.slice(1, -1));
    const literal = piece.length > 1 && piece.startsWith('\\') ? piece.slice(1) : piece;
    return (character) => character === literal;
  });
}

function classOf(body: string): (character: string) => boolean {
  const isNegated = body.startsWith('^');
  const ranges = [...(isNegated ? body.slice(1) : body).matchAll(/([^])-([^])|([^])/gu)].map(
    ([, from, to, single]) => [from ?? single ?? '', to ?? single ?? ''] as const,
  );
  return (character) => ranges.some(([from, to]) => character >= from && character <= to) !== isNegated;
}

function matchesSegment(segment: string, tokens: readonly Token[]): boolean {
  const characters = Array.from(segment);
  let [at, token] = [0, 0];
  let [starAt, starToken] = [-1, -1];
  while (at < characters.length) {
    const wanted = tokens[token];
    if (wanted === '*') {
      [starAt, starToken] = [at, token];
      token += 1;
    } else if (wanted?.(characters[at] ?? '') === true) {
      at += 1;
      token += 1;
    } else if (starToken >= 0) {
      starAt += 1;
      [at, token] = [starAt, starToken + 1];
    } else return false;
  }
  return tokens.slice(token).every((left) => left === '*');
}
