import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';

const reserveBytes = 1 << 20;

/** Disk space that is given back when the disk is full, so that the record of a removal can still be written. */
export interface SpaceReserve {
  release(): void;
}

/** Zeros that are really allocated. Without room for it there is nothing to reserve, and the engine runs without. */
export async function createSpaceReserve(path: string): Promise<SpaceReserve> {
  try {
    const file = await open(path, 'a', 0o600);
    try {
      const { size } = await file.stat();
      if (size < reserveBytes) await file.write(Buffer.alloc(reserveBytes - size));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isNoSpace(error)) throw error;
  }
  return {
    release(): void {
      rmSync(path, { force: true });
    },
  };
}

const isNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
