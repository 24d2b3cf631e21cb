/** What stands in the `Upgrade` header of a request that had none, so that Node gives its connection away too. */
export const plainHijack = 'jocker-plain';

const hijackable = /^POST \/(?:v\d+\.\d+\/)?(?:containers\/[^/? ]+\/attach|exec\/[^/? ]+\/start)(?:\?[^ ]*)? HTTP\/1\.1\r\n/;
const firstLineMaxBytes = 4096;

/**
 * Docker's oldest way to attach has no `Upgrade` header: after the answer's head the connection carries raw bytes. Node's
 * parser would read them as the next request, so such a request is given the header before the parser sees it.
 *
 * Takes the bytes with which a connection begins. Undefined: the head is not complete, more bytes are needed.
 */
export function markPlainHijack(bytes: Buffer): Buffer | undefined {
  if (!hijackable.test(bytes.toString('latin1', 0, firstLineMaxBytes))) return bytes;
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return bytes.length > 4 * firstLineMaxBytes ? bytes : undefined;
  const head = bytes.toString('latin1', 0, end);
  if (/\r\n(?:upgrade|transfer-encoding):/i.test(head)) return bytes;
  return Buffer.concat([bytes.subarray(0, end), Buffer.from(`\r\nConnection: Upgrade\r\nUpgrade: ${plainHijack}`), bytes.subarray(end)]);
}
