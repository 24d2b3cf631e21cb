import { open, type FileHandle } from 'node:fs/promises';
import type { OutputChunk } from '../runtime/runtime-backend.ts';

/** Writes conmon's k8s-file format: one entry per line, `P` for the part of a line that has no end yet. */
export interface FakeLog {
  append(chunk: OutputChunk): Promise<void>;
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function openFakeLog(path: string): Promise<FakeLog> {
  let file: FileHandle = await open(path, 'a', 0o600);
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    append: (chunk) =>
      inOrder(async () => {
        const head = `${new Date().toISOString().replace('Z', '000000+00:00')} ${chunk.stream} `;
        const parts: (string | Buffer)[] = [];
        for (let start = 0; start < chunk.data.length;) {
          const end = chunk.data.indexOf(0x0a, start);
          const stop = end < 0 ? chunk.data.length : end;
          parts.push(`${head}${end < 0 ? 'P' : 'F'} `, chunk.data.subarray(start, stop), '\n');
          start = stop + 1;
        }
        await file.appendFile(Buffer.concat(parts.map((part) => Buffer.from(part))));
      }),
    reopen: () =>
      inOrder(async () => {
        await file.close();
        file = await open(path, 'a', 0o600);
      }),
    close: () => inOrder(() => file.close()),
  };
}
