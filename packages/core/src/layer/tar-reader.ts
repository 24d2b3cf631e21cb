import { JockerError } from '../errors/jocker-error.ts';
import { parsePaxRecords, type PaxRecords } from './pax-records.ts';
import { blockBytes, paddingOf, type TarEntry } from './tar-entry.ts';
import { completeHeader, parseRawHeader, type RawHeader } from './tar-header.ts';

/** Called in this order for each entry: `onEntry`, `onData` for each piece of content, `onEntryEnd`. */
export interface TarHandler {
  onEntry(entry: TarEntry): void;
  /** The piece is only valid during the call. */
  onData(piece: Buffer): void;
  onEntryEnd(): void;
}

export interface TarReader {
  /** Synchronous: when it returns, the handler has seen everything. */
  push(chunk: Buffer): void;
  /** Throws `data-loss` when the archive broke off. */
  end(): void;
}

/** As in Go's archive/tar: a longer PAX header or name is an attack. */
const longestMetaBytes = 1 << 20;
const zeroBlock = Buffer.alloc(blockBytes);

/** ustar, PAX (global headers too), GNU long names and base-256 numbers. Sparse files are refused. */
export function createTarReader(handler: TarHandler): TarReader {
  const global: PaxRecords = new Map();
  let own: PaxRecords = new Map();
  let longPath: Buffer | undefined;
  let longLink: Buffer | undefined;

  const partial = Buffer.alloc(blockBytes);
  let partialBytes = 0;
  let dataLeft = 0;
  let paddingLeft = 0;
  let inEntry = false;
  let meta: { readonly typeFlag: string; readonly parts: Buffer[] } | undefined;
  let zeroBlocks = 0;

  function finishMeta(): void {
    if (meta === undefined) return;
    const data = Buffer.concat(meta.parts);
    const nul = data.indexOf(0);
    const name = nul < 0 ? data : data.subarray(0, nul);
    if (meta.typeFlag === 'x') parsePaxRecords(data, own);
    else if (meta.typeFlag === 'g') parsePaxRecords(data, global);
    else if (meta.typeFlag === 'L') longPath = name;
    else longLink = name;
    meta = undefined;
  }

  function startMeta(header: RawHeader): void {
    if (header.size > longestMetaBytes) {
      throw new JockerError('resource-exhausted', `a tar extension header claims ${header.size} bytes, more than ${longestMetaBytes}`);
    }
    meta = { typeFlag: header.typeFlag, parts: [] };
    dataLeft = header.size;
    paddingLeft = paddingOf(header.size);
    if (dataLeft === 0) finishMeta();
  }

  function takeHeader(block: Buffer): void {
    if (zeroBlock.equals(block)) {
      zeroBlocks++;
      return;
    }
    if (zeroBlocks > 0) throw new JockerError('data-loss', 'a tar archive goes on after a block of zeros');
    const header = parseRawHeader(block);
    if ('xgLK'.includes(header.typeFlag)) return startMeta(header);
    const records: PaxRecords = global.size === 0 ? own : new Map([...global, ...own]);
    const entry = completeHeader(header, records, longPath, longLink);
    own = new Map();
    longPath = undefined;
    longLink = undefined;
    dataLeft = entry.size;
    paddingLeft = paddingOf(entry.size);
    inEntry = true;
    handler.onEntry(entry);
    if (dataLeft === 0) finishEntry();
  }

  function finishEntry(): void {
    inEntry = false;
    handler.onEntryEnd();
  }

  function takeData(piece: Buffer): void {
    dataLeft -= piece.length;
    if (meta === undefined) handler.onData(piece);
    // The chunk's memory belongs to the caller.
    else meta.parts.push(Buffer.from(piece));
    if (dataLeft > 0) return;
    if (meta === undefined) finishEntry();
    else finishMeta();
  }

  function takePartial(chunk: Buffer, at: number): number {
    const count = Math.min(blockBytes - partialBytes, chunk.length - at);
    chunk.copy(partial, partialBytes, at, at + count);
    partialBytes += count;
    if (partialBytes === blockBytes) {
      partialBytes = 0;
      // Names are kept beyond this call as views of their block.
      takeHeader(Buffer.from(partial));
    }
    return at + count;
  }

  return {
    push(chunk) {
      let at = 0;
      // Behind two blocks of zeros nothing has a meaning.
      while (at < chunk.length && zeroBlocks < 2) {
        if (dataLeft > 0) {
          const piece = chunk.subarray(at, at + dataLeft);
          at += piece.length;
          takeData(piece);
        } else if (paddingLeft > 0) {
          const count = Math.min(paddingLeft, chunk.length - at);
          paddingLeft -= count;
          at += count;
        } else if (partialBytes > 0 || chunk.length - at < blockBytes) {
          at = takePartial(chunk, at);
        } else {
          takeHeader(chunk.subarray(at, at + blockBytes));
          at += blockBytes;
        }
      }
    },
    end() {
      const pending = own.size > 0 || longPath !== undefined || longLink !== undefined;
      if (inEntry || meta !== undefined || pending || partialBytes > 0 || (paddingLeft > 0 && zeroBlocks < 2)) {
        throw new JockerError('data-loss', 'a tar archive breaks off in the middle of an entry');
      }
    },
  };
}
