export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Decimal, 0 to 2^32-2: the kernel keeps 2^32-1 for "no id". Undefined for anything else. */
export function parseUserId(text: string): number | undefined {
  if (!/^[0-9]{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= 0xffff_fffe ? id : undefined;
}

/** Lines of passwd(5); malformed ones are skipped. */
export function parsePasswdFile(bytes: Buffer): PasswdEntry[] {
  const entries: PasswdEntry[] = [];
  for (const [name = '', , uidText = '', gidText = '', , home = ''] of fieldsOf(bytes)) {
    const uid = parseUserId(uidText);
    const gid = parseUserId(gidText);
    if (name !== '' && uid !== undefined && gid !== undefined) entries.push({ name, uid, gid, home });
  }
  return entries;
}

/** Lines of group(5); malformed ones are skipped. */
export function parseGroupFile(bytes: Buffer): GroupEntry[] {
  const entries: GroupEntry[] = [];
  for (const [name = '', , gidText = '', members = ''] of fieldsOf(bytes)) {
    const gid = parseUserId(gidText);
    if (name !== '' && gid !== undefined) entries.push({ name, gid, members: members.split(',').map((each) => each.trim()) });
  }
  return entries;
}

function* fieldsOf(bytes: Buffer): Generator<string[]> {
  for (const line of bytes.toString('utf8').split('\n')) {
    if (line !== '' && !line.startsWith('#')) yield line.trimEnd().split(':');
  }
}
