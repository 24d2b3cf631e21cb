import { JockerError } from '@jocker/protocol';

/** `ctrl-p,ctrl-q`: the bytes that a terminal sends for them. */
export function parseDetachKeys(text: string): readonly number[] {
  return text.split(',').map((key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    if (key.length === 1) return key.charCodeAt(0);
    throw new JockerError('invalid-argument', `the detach keys ${text} are not of the form ctrl-p,ctrl-q`);
  });
}

export interface Scanned {
  /** What goes to the process; keys that may begin the sequence are held back until it is clear. */
  readonly forward: Uint8Array;
  readonly detached: boolean;
}

/** Looks for the keys in what is typed, also over several reads. */
export function createDetachScanner(keys: readonly number[]): (chunk: Uint8Array) => Scanned {
  let matched = 0;
  return (chunk) => {
    const forward: number[] = [];
    for (const byte of chunk) {
      if (byte === keys[matched]) {
        matched += 1;
        if (matched === keys.length) return { forward: Uint8Array.from(forward), detached: true };
        continue;
      }
      forward.push(...keys.slice(0, matched));
      matched = byte === keys[0] ? 1 : 0;
      if (matched === 0) forward.push(byte);
    }
    return { forward: Uint8Array.from(forward), detached: false };
  };
}
