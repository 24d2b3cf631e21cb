import { JockerError } from '../errors/jocker-error.ts';
import type { RootfsReader } from './spec-mutator.ts';
import { parseGroupFile, parsePasswdFile, parseUserId, type GroupEntry, type PasswdEntry } from './user-database.ts';

export interface UserIdentity {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

/**
 * `user`, `uid`, `user:group` or `uid:gid` as ids. A number is never looked up as a name (CVE-2026-46680), nor is a name
 * that the files do not have ever taken for root. Also what an exec's own user goes through.
 */
export async function resolveUser(text: string, groupAdd: readonly string[], rootfs: RootfsReader): Promise<UserIdentity> {
  const [userPart = '', groupPart, ...rest] = text.split(':');
  if (rest.length > 0 || groupPart === '') throw invalid(`user "${text}" is not user, uid, user:group or uid:gid`);
  const [passwd, groups] = await Promise.all([rootfs.readFile('/etc/passwd'), rootfs.readFile('/etc/group')]);
  const users = passwd === undefined ? [] : parsePasswdFile(passwd);
  const groupList = groups === undefined ? [] : parseGroupFile(groups);
  const { uid, entry } = findUser(userPart === '' ? '0' : userPart, users);
  const gid = groupPart === undefined ? (entry?.gid ?? 0) : findGroup(groupPart, groupList);
  const memberOf =
    groupPart === undefined && entry !== undefined
      ? groupList.filter((group) => group.members.includes(entry.name)).map((group) => group.gid)
      : [];
  const added = groupAdd.map((group) => findGroup(group, groupList));
  return {
    uid,
    gid,
    // The primary group is among them, or dropping it would gain access that "group: deny" files mean to refuse (CVE-2022-36109).
    additionalGids: [...new Set([gid, ...memberOf, ...added])],
    home: entry !== undefined && isHome(entry.home) ? entry.home : '/',
  };
}

function findUser(text: string, users: readonly PasswdEntry[]): { readonly uid: number; readonly entry: PasswdEntry | undefined } {
  const uid = numericId('user', text);
  const entry = uid === undefined ? users.find((each) => each.name === text) : users.find((each) => each.uid === uid);
  if (uid !== undefined) return { uid, entry };
  if (entry === undefined) throw invalid(`unable to find user ${text}: no matching entries in passwd file`);
  return { uid: entry.uid, entry };
}

function findGroup(text: string, groups: readonly GroupEntry[]): number {
  const gid = numericId('group', text) ?? groups.find((each) => each.name === text)?.gid;
  if (gid === undefined) throw invalid(`unable to find group ${text}: no matching entries in group file`);
  return gid;
}

/** Undefined for a name. What looks like a number and is none, or is out of range, is refused rather than looked up. */
function numericId(what: string, text: string): number | undefined {
  if (/^[0-9]+$/.test(text)) {
    const id = parseUserId(text);
    if (id === undefined) throw invalid(`${what} id ${text} is not between 0 and 4294967294`);
    return id;
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?$/.test(text) || /^0x/i.test(text))
    throw invalid(`${what} "${text}" is neither a name nor a number`);
  return undefined;
}

function isHome(home: string): boolean {
  // eslint-disable-next-line no-control-regex
  return home.startsWith('/') && !/[\u0000-\u001f\u007f]/.test(home);
}

function invalid(message: string): JockerError {
  return new JockerError('invalid-argument', message);
}
