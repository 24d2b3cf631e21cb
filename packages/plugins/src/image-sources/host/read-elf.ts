/** What the dynamic linker would read of a program or library. */
export interface ElfFile {
  /** Class and machine: a library must have the same as its program. */
  readonly kind: string;
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  /** DT_RPATH and DT_RUNPATH, with `$ORIGIN` as it stands there. */
  readonly searchPath: readonly string[];
}

const segmentLoad = 1;
const segmentDynamic = 2;
const segmentInterpreter = 3;
const tagNeeded = 1n;
const tagStringTable = 5n;
const tagRpath = 15n;
const tagRunpath = 29n;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly size: number;
}

/** Undefined for what is no ELF file of this machine's byte order. The linker itself is never run (it would run the program). */
export function readElf(file: Buffer): ElfFile | undefined {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[5] !== 1) return undefined;
  const wide = file[4] === 2;
  const segments = readSegments(file, wide);
  const interpreter = segments.find(({ type }) => type === segmentInterpreter);
  const dynamic = segments.find(({ type }) => type === segmentDynamic);
  const kind = `${file[4]}/${file.readUInt16LE(18)}`;
  const interpreterPath = interpreter === undefined ? undefined : textAt(file, interpreter.offset);
  if (dynamic === undefined) return { kind, interpreter: interpreterPath, needed: [], searchPath: [] };

  const entries: { readonly tag: bigint; readonly value: bigint }[] = [];
  const step = wide ? 16 : 8;
  for (let at = dynamic.offset; at + step <= Math.min(file.length, dynamic.offset + dynamic.size); at += step) {
    const tag = wide ? file.readBigInt64LE(at) : BigInt(file.readInt32LE(at));
    if (tag === 0n) break;
    entries.push({ tag, value: wide ? file.readBigUInt64LE(at + 8) : BigInt(file.readUInt32LE(at + 4)) });
  }
  const tableAddress = entries.find(({ tag }) => tag === tagStringTable)?.value;
  const table = tableAddress === undefined ? undefined : offsetOf(segments, tableAddress);
  const texts = (wanted: bigint): string[] =>
    table === undefined ? [] : entries.filter(({ tag }) => tag === wanted).map(({ value }) => textAt(file, table + Number(value)));
  return {
    kind,
    interpreter: interpreterPath,
    needed: texts(tagNeeded),
    searchPath: [...texts(tagRpath), ...texts(tagRunpath)].flatMap((path) => path.split(':')).filter((path) => path !== ''),
  };
}

function readSegments(file: Buffer, wide: boolean): readonly Segment[] {
  const start = wide ? Number(file.readBigUInt64LE(32)) : file.readUInt32LE(28);
  const entrySize = file.readUInt16LE(wide ? 54 : 42);
  const count = file.readUInt16LE(wide ? 56 : 44);
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = start + index * entrySize;
    if (at + entrySize > file.length) break;
    segments.push(
      wide
        ? {
            type: file.readUInt32LE(at),
            offset: Number(file.readBigUInt64LE(at + 8)),
            address: file.readBigUInt64LE(at + 16),
            size: Number(file.readBigUInt64LE(at + 32)),
          }
        : {
            type: file.readUInt32LE(at),
            offset: file.readUInt32LE(at + 4),
            address: BigInt(file.readUInt32LE(at + 8)),
            size: file.readUInt32LE(at + 16),
          },
    );
  }
  return segments;
}

function offsetOf(segments: readonly Segment[], address: bigint): number | undefined {
  const segment = segments.find(
    ({ type, address: start, size }) => type === segmentLoad && address >= start && address < start + BigInt(size),
  );
  return segment === undefined ? undefined : segment.offset + Number(address - segment.address);
}

function textAt(file: Buffer, offset: number): string {
  const end = file.indexOf(0, offset);
  return file.toString('utf8', offset, end < 0 ? file.length : end);
}
