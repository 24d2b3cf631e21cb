import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { JockerError } from '../errors/jocker-error.ts';

/** What node cannot decompress itself; rare in archives of root file systems, and not a compression of OCI layers. */
export function decompressWithProgram(program: 'xz' | 'bzip2'): (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* decompress(source) {
    const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: process.env['PATH'] } });
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    failed.catch(() => undefined);
    child.once('error', (cause) =>
      fail(new JockerError('unsupported', `the archive is compressed with ${program}, which is not installed`, { cause })),
    );
    const closed = Promise.race([once(child, 'close') as Promise<[number | null]>, failed]);
    closed.catch(() => undefined);
    let sourceError: unknown;
    const feeding = pipeline(source, child.stdin).catch((error: unknown) => {
      // The program ended before its input did: its own status says why.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') sourceError = error;
    });
    try {
      yield* child.stdout;
      await feeding;
      const [code] = await closed;
      if (sourceError !== undefined) throw sourceError;
      if (code !== 0) throw new JockerError('data-loss', `the archive cannot be decompressed: ${program} ended with ${code}`);
    } finally {
      child.kill();
    }
  };
}
