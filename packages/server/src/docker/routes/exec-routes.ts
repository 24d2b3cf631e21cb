import {
  asArray,
  asBoolean,
  asNumber,
  asObject,
  asString,
  asStrings,
  JockerError,
  optional,
  type ExecCreateRequest,
  type ExecView,
  type TerminalSize,
} from '@jocker/core';
import { hijack } from '../../http/hijack.ts';
import { parseDetachKeys } from '../detach-keys.ts';
import { dockerMessageOf } from '../docker-error.ts';
import type { DockerCall, DockerRoute } from '../docker-route.ts';
import { pumpStreams } from '../pump-streams.ts';
import { frameOutput, streamContentType } from '../stream-frames.ts';

const id = (call: DockerCall): string => call.params['id'] ?? '';

export const execRoutes: readonly DockerRoute[] = [
  {
    method: 'POST',
    path: '/containers/{id}/exec',
    summary: 'Create an exec session.',
    support: 'yes',
    async handle(call) {
      const created = await call.engine.execs.create(id(call), parseExec(call.body), call.options);
      call.reply.code(201);
      return { Id: created.id };
    },
  },
  { method: 'POST', path: '/exec/{id}/start', summary: 'Start it, attached or detached.', support: 'yes', handle: startExec },
  {
    method: 'POST',
    path: '/exec/{id}/resize',
    summary: 'Size of its terminal.',
    support: 'yes',
    async handle(call) {
      const [rows, columns] = [call.query.number('h'), call.query.number('w')];
      if (rows === undefined || columns === undefined) throw new JockerError('invalid-argument', 'h and w are needed');
      await call.engine.execs.resize(id(call), { rows, columns });
      await call.reply.code(200).send();
      return undefined;
    },
  },
  {
    method: 'GET',
    path: '/exec/{id}/json',
    summary: 'Inspect it.',
    support: 'yes',
    handle: async (call) => toExecInspect(await call.engine.execs.inspect(id(call))),
  },
];

function parseExec(value: unknown): ExecCreateRequest {
  const body = asObject(value, 'body');
  const flag = (name: string): boolean => optional(body[name], name, asBoolean) ?? false;
  const text = (name: string): string => optional(body[name], name, asString) ?? '';
  const command = optional(body['Cmd'], 'Cmd', asStrings) ?? [];
  if (command.length === 0) throw new JockerError('invalid-argument', 'No exec command specified');
  const env = optional(body['Env'], 'Env', asStrings) ?? [];
  const size = parseConsoleSize(body['ConsoleSize']);
  const [user, workingDir] = [text('User'), text('WorkingDir')];
  return {
    command,
    tty: flag('Tty'),
    openStdin: flag('AttachStdin'),
    privileged: flag('Privileged'),
    attach: { stdin: flag('AttachStdin'), stdout: flag('AttachStdout'), stderr: flag('AttachStderr') },
    ...(env.length === 0 ? {} : { env }),
    ...(user === '' ? {} : { user }),
    ...(workingDir === '' ? {} : { workingDir }),
    ...(text('DetachKeys') === '' ? {} : { detachKeys: text('DetachKeys') }),
    ...(size === undefined ? {} : { size }),
  };
}

function parseConsoleSize(value: unknown): TerminalSize | undefined {
  const [rows, columns] = (optional(value, 'ConsoleSize', asArray) ?? []).map((item) => asNumber(item, 'ConsoleSize'));
  return rows === undefined || columns === undefined || rows <= 0 || columns <= 0 ? undefined : { rows, columns };
}

async function startExec(call: DockerCall): Promise<undefined> {
  const body = call.body === undefined ? {} : asObject(call.body, 'body');
  const detach = optional(body['Detach'], 'Detach', asBoolean) ?? false;
  const size = parseConsoleSize(body['ConsoleSize']);
  const exec = await call.engine.execs.inspect(id(call));
  const options = { ...call.options, ...(size === undefined ? {} : { size }) };
  if (detach) {
    await call.engine.execs.start(exec.id, { ...options, attach: false });
    await call.reply.code(200).send();
    return undefined;
  }
  const contentType = streamContentType(exec.tty, call.version);
  let streams;
  try {
    streams = await call.engine.execs.start(exec.id, { ...options, attach: true });
  } catch (error) {
    const after = await call.engine.execs.inspect(exec.id).catch(() => undefined);
    if (after?.status !== 'exited' || exec.status !== 'created') throw error;
    // A program that cannot be run has an exit code of its own: the client reads why here, and the code from inspect.
    const { socket } = hijack(call.request, call.reply, { contentType });
    socket.end(frameOutput({ stream: 'stderr', data: Buffer.from(`OCI runtime exec failed: ${dockerMessageOf(error)}\r\n`) }, exec.tty));
    return undefined;
  }
  const { socket } = hijack(call.request, call.reply, { contentType });
  if (streams === undefined) return void socket.end();
  const detachKeys = exec.tty ? parseDetachKeys(undefined) : Buffer.alloc(0);
  await pumpStreams(socket, streams, {
    tty: exec.tty,
    framed: !exec.tty,
    stdin: exec.attach.stdin,
    stdout: exec.attach.stdout,
    stderr: exec.attach.stderr,
    detachKeys,
  });
  return undefined;
}

function toExecInspect(exec: ExecView): object {
  const [entrypoint = '', ...args] = exec.command;
  return {
    ID: exec.id,
    Running: exec.status === 'running',
    ExitCode: exec.exitCode,
    ProcessConfig: {
      tty: exec.tty,
      entrypoint,
      arguments: args,
      privileged: exec.privileged,
      ...(exec.user === '' ? {} : { user: exec.user }),
    },
    OpenStdin: exec.attach.stdin,
    OpenStderr: exec.attach.stderr,
    OpenStdout: exec.attach.stdout,
    CanRemove: false,
    ContainerID: exec.containerId,
    DetachKeys: '',
    Pid: exec.pid,
  };
}
