import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NativeCalls } from './native-calls.ts';

let loaded: NativeCalls | undefined;

/** The addon, loaded at first use, so that programs which never touch a container need no compiled file. */
export function native(): NativeCalls {
  loaded ??= createRequire(import.meta.url)(fileURLToPath(new URL('../build/jocker.node', import.meta.url))) as NativeCalls;
  return loaded;
}
