import { JockerError, type ErrorCode, type ErrorReason } from '@jocker/core';

/**
 * crun and runc say what went wrong in a sentence and nothing else, so that a sentence has to be read; this is the only
 * place that does. First match wins.
 */
const known: readonly {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly reason?: ErrorReason;
  readonly say: (match: RegExpExecArray, program: string) => string;
}[] = [
  {
    pattern: /executable file .*not found in \$PATH|exec: ".*": stat .*: no such file or directory/,
    code: 'invalid-argument',
    reason: 'command-not-found',
    say: (_, program) => `${program} is not there: executable file not found in $PATH`,
  },
  {
    pattern: /open executable: |exec: ".*": permission denied/,
    code: 'invalid-argument',
    reason: 'command-not-executable',
    say: (_, program) => `${program} is not executable: permission denied`,
  },
  {
    pattern: /exec format error/i,
    code: 'invalid-argument',
    reason: 'command-not-executable',
    say: (_, program) => `${program} is not executable on this machine: exec format error`,
  },
  {
    pattern: /chdir(?: to cwd)? [(`"]+([^`")]*)[`")]+.*: (no such file or directory|not a directory|permission denied)/i,
    code: 'invalid-argument',
    say: (match) => `working directory ${match[1] ?? ''} cannot be entered: ${(match[2] ?? '').toLowerCase()}`,
  },
  {
    pattern: /error stat'ing file [`"']([^`"']*)[`"']: No such file|mounting "([^"]*)" to rootfs at .*no such file or directory/,
    code: 'invalid-argument',
    say: (match) => `mount source ${match[1] ?? match[2] ?? ''} does not exist`,
  },
  {
    pattern: /memory limit could be too low|unable to set memory limit to/,
    code: 'invalid-argument',
    say: () => 'the memory limit is too low to start the container',
  },
  {
    pattern: /set(?:ting )?rlimit.*operation not permitted/i,
    code: 'permission-denied',
    say: () => 'a ulimit is higher than this host allows',
  },
  {
    pattern: /is paused|paused container/,
    code: 'failed-precondition',
    say: () => 'the container is paused, unpause it first',
  },
  {
    pattern: /not running|stopped container|is stopped|No such process/,
    code: 'failed-precondition',
    reason: 'not-running',
    say: () => 'the container is not running',
  },
  {
    pattern: /does not exist|status`?: No such file/,
    code: 'not-found',
    say: () => 'the runtime does not know the container',
  },
];

/** What a runtime printed, as the error to throw. */
export function runtimeError(runtime: string, verb: string, output: string, program = 'the command'): JockerError {
  const text = plainText(output);
  for (const { pattern, code, reason, say } of known) {
    const match = pattern.exec(text);
    if (match !== null)
      return new JockerError(code, say(match, program), { details: { runtime, output: text, ...(reason && { reason }) } });
  }
  return new JockerError('internal', `${runtime} ${verb} failed: ${text === '' ? 'it said nothing' : text}`, {
    details: { runtime, output: text },
  });
}

/** runc writes logrus lines (`time=… level=error msg="…"`), crun the bare sentence. */
function plainText(output: string): string {
  const lines = output.trim().split('\n');
  const messages = lines.map((line) => {
    const logged = /^time=.* msg=("(?:[^"\\]|\\.)*")/.exec(line);
    return logged?.[1] === undefined ? line : logged[1].slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
  });
  return messages.filter((line) => line !== 'fail startup').join('; ');
}
