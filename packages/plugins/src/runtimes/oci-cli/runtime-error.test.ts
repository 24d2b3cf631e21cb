import { describe, expect, test } from 'vitest';
import { runtimeError } from './runtime-error.ts';

const failed = 'runc create failed: unable to start container process: ';

describe('what a runtime says', () => {
  test.each([
    [
      'executable file `nope` not found in $PATH: No such file or directory\n',
      'invalid-argument',
      'command-not-found',
      /^nope .*not found in \$PATH$/,
    ],
    [`${failed}exec: "nope": executable file not found in $PATH`, 'invalid-argument', 'command-not-found', /^nope /],
    [`${failed}exec: "/nope": stat /nope: no such file or directory`, 'invalid-argument', 'command-not-found', /^nope /],
    [
      'time="2026-11-27T12:10:56Z" level=error msg="exec failed: unable to start container process: exec: \\"nope\\": executable file not found in $PATH"',
      'invalid-argument',
      'command-not-found',
      /^nope /,
    ],
    ['open executable: Permission denied\n', 'invalid-argument', 'command-not-executable', /^nope is not executable/],
    ['open executable: Operation not permitted\n', 'invalid-argument', 'command-not-executable', /^nope is not executable/],
    [`${failed}exec: "/etc": permission denied`, 'invalid-argument', 'command-not-executable', /^nope is not executable/],
    [
      'chdir `/gone`: No such file or directory',
      'invalid-argument',
      undefined,
      /^working directory \/gone cannot be entered: no such file/,
    ],
    [
      'exec failed: chdir to cwd ("/gone") set in config.json failed: no such file or directory',
      'invalid-argument',
      undefined,
      /^working directory \/gone /,
    ],
    ["error stat'ing file `/src`: No such file or directory", 'invalid-argument', undefined, /^mount source \/src does not exist$/],
    [
      `${failed}error mounting "/src" to rootfs at "/m": stat /src: no such file or directory`,
      'invalid-argument',
      undefined,
      /^mount source \/src /,
    ],
    [
      'OOM: the memory limit could be too low: read from sync socket: Connection reset by peer',
      'invalid-argument',
      undefined,
      /memory limit is too low/,
    ],
    ['setrlimit `RLIMIT_NOFILE`: Operation not permitted', 'permission-denied', undefined, /ulimit/],
    ['the container `x1` is paused', 'failed-precondition', undefined, /paused/],
    ['setns(pid=13146, CLONE_NEWUSER): No such process\nfail startup', 'failed-precondition', 'not-running', /not running/],
    ['time="x" level=error msg="container does not exist"', 'not-found', undefined, /does not know/],
    ['error opening file `/run/crun/x1/status`: No such file or directory', 'not-found', undefined, /does not know/],
    ['something new', 'internal', undefined, /^crun create failed: something new$/],
    ['', 'internal', undefined, /said nothing/],
  ])('%j becomes %s', (output, code, reason, message) => {
    const error = runtimeError('crun', 'create', output, 'nope');
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error.details['reason']).toBe(reason);
  });
});
