// The wire form of NETLINK_ROUTE (rtnetlink(7), linux/rtnetlink.h, linux/if_link.h). Numbers are in the machine's byte order,
// which is little-endian on every machine that jocker runs on.

export type AttributeValue = string | number | Buffer | readonly Attribute[];
/** Type and value: a string ends with a NUL, a number has 32 bits, a list is nested. */
export type Attribute = readonly [type: number, value: AttributeValue];

const headerBytes = 16;
const pad = (length: number): number => (length + 3) & ~3;

function encodeValue(value: AttributeValue): Buffer {
  if (typeof value === 'string') return Buffer.from(`${value}\0`);
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'number') {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(value);
    return number;
  }
  return encodeAttributes(value as readonly Attribute[]);
}

export function encodeAttributes(attributes: readonly Attribute[]): Buffer {
  return Buffer.concat(
    attributes.map(([type, value]) => {
      const content = encodeValue(value);
      const attribute = Buffer.alloc(pad(4 + content.length));
      attribute.writeUInt16LE(4 + content.length, 0);
      attribute.writeUInt16LE(type, 2);
      content.copy(attribute, 4);
      return attribute;
    }),
  );
}

let lastSequence = 0;

/** `fixed` is the family's own header (`ifinfomsg`, `ifaddrmsg`, `rtmsg`). */
export function encodeMessage(type: number, flags: number, fixed: Buffer, attributes: readonly Attribute[] = []): Buffer {
  const body = Buffer.concat([fixed, encodeAttributes(attributes)]);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(headerBytes + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  lastSequence = (lastSequence + 1) >>> 0;
  header.writeUInt32LE(lastSequence, 8);
  return Buffer.concat([header, body]);
}

/** The bodies of the messages in an answer, without their headers. */
export function* decodeMessages(answer: Buffer): Generator<Buffer> {
  for (let offset = 0; offset + headerBytes <= answer.length;) {
    const length = answer.readUInt32LE(offset);
    if (length < headerBytes) return;
    yield answer.subarray(offset + headerBytes, offset + length);
    offset += pad(length);
  }
}

export function decodeAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let offset = 0; offset + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(offset);
    if (length < 4) break;
    // The two highest bits say "nested" and "network byte order".
    attributes.set(bytes.readUInt16LE(offset + 2) & 0x3fff, bytes.subarray(offset + 4, offset + length));
    offset += pad(length);
  }
  return attributes;
}
