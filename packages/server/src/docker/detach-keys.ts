import { JockerError } from '@jocker/core';

const standard = Buffer.from([16, 17]);

/** `ctrl-p,ctrl-q`, `a`, `ctrl-@`: the bytes of a detach sequence. Throws `invalid-argument`. */
export function parseDetachKeys(text: string | undefined): Buffer {
  if (text === undefined) return standard;
  return Buffer.from(
    text.split(',').map((key) => {
      if (/^[ -~]$/.test(key)) return key.charCodeAt(0);
      const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
      if (control === undefined) throw new JockerError('invalid-argument', `Invalid detach keys (${text.slice(0, 60)}) provided`);
      return control === '@' ? 0 : control.toUpperCase().charCodeAt(0) - 64;
    }),
  );
}
