import { truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';

const reserveBytes = 2 << 20;
/** More than a transaction writes. The rest stays for the next one: others may eat what this one leaves. */
const pieceBytes = 128 << 10;

/** Disk space that is given back when the disk is full, so that the record of a removal can still be written. */
export interface SpaceReserve {
  /** Gives a piece of it back. False when there is none left. */
  release(): boolean;
  /** Takes the space again that was released, as far as there is room. */
  restore(): Promise<void>;
}

export async function createSpaceReserve(path: string): Promise<SpaceReserve> {
  let heldBytes = await allocate(path);
  return {
    release(): boolean {
      if (heldBytes === 0) return false;
      heldBytes = Math.max(0, heldBytes - pieceBytes);
      truncateSync(path, heldBytes);
      return true;
    },
    async restore(): Promise<void> {
      if (heldBytes < reserveBytes) heldBytes = await allocate(path);
    },
  };
}

/** Zeros that are really written. Without room for all of them the engine runs with less. */
async function allocate(path: string): Promise<number> {
  const file = await open(path, 'a', 0o600);
  try {
    const { size } = await file.stat();
    if (size < reserveBytes) await file.write(Buffer.alloc(reserveBytes - size));
  } catch (error) {
    if (!isNoSpace(error)) throw error;
  }
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

const isNoSpace = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
