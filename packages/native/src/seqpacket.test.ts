import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { native } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'jocker-native-'));
const servers: ChildProcess[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A SOCK_SEQPACKET server for one connection, in Python since Node has no such socket. Prints a line when it listens. */
async function serve(path: string, body: string): Promise<AsyncIterator<string>> {
  const program = `
import os, socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
os.chdir(os.path.dirname(sys.argv[1]))
listener.bind(os.path.basename(sys.argv[1]))
listener.listen(1)
print('listening', flush=True)
peer, _ = listener.accept()
${body}
`;
  const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('listening');
  return lines;
}

interface Received {
  readonly packets: Buffer[];
  readonly end: Promise<Error | undefined>;
  readonly connection: ReturnType<ReturnType<typeof native>['connectSeqpacket']>;
}

function connect(path: string): Received {
  const packets: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  const connection = native().connectSeqpacket(path, (packet) => packets.push(packet), resolve);
  return { packets, end: promise, connection };
}

describe('connectSeqpacket', () => {
  it('keeps the bounds of packets and loses none when the peer hangs up at once', async () => {
    const path = join(folder, 'bounds');
    await serve(path, `for i in range(500): peer.send(bytes([2]) + str(i).encode() * 100)\npeer.close()`);
    const { packets, end } = connect(path);
    expect(await end).toBeUndefined();
    expect(packets).toHaveLength(500);
    expect(packets[499]?.subarray(1).toString()).toBe('499'.repeat(100));
  });

  it('still gets everything when the peer leaves without reading what we sent', async () => {
    const path = join(folder, 'unread');
    const lines = await serve(
      path,
      `print('accepted', flush=True)\nimport select\nselect.select([peer], [], [])\nfor i in range(20): peer.send(b'x' * 8000)\npeer.close()\nprint('closed', flush=True)`,
    );
    const { packets, end, connection } = connect(path);
    await lines.next();
    await connection.send(Buffer.from('never read'));
    expect(await end).toBeUndefined();
    expect(packets).toHaveLength(20);
  });

  it('sends in order, in packets of 16 KiB at most, to a slow reader', async () => {
    const path = join(folder, 'slow');
    const lines = await serve(
      path,
      `total = b''
longest = 0
while True:
    packet = peer.recv(65536)
    if not packet: break
    longest = max(longest, len(packet))
    total += packet
import hashlib
print(len(total), longest, hashlib.sha256(total).hexdigest(), flush=True)`,
    );
    const { connection, end } = connect(path);
    const parts = Array.from({ length: 40 }, (_, index) => Buffer.alloc(50_000 + index, index));
    await Promise.all(parts.map((part) => connection.send(part)));
    await connection.endWrites();
    const { createHash } = await import('node:crypto');
    const all = Buffer.concat(parts);
    expect((await lines.next()).value).toBe(`${all.length} 16384 ${createHash('sha256').update(all).digest('hex')}`);
    expect(await end).toBeUndefined();
  });

  it('still receives after the end of writing', async () => {
    const path = join(folder, 'half');
    await serve(path, `while peer.recv(65536): pass\npeer.send(b'after the end')\npeer.close()`);
    const { connection, packets, end } = connect(path);
    await connection.send(Buffer.from('input'));
    await connection.endWrites();
    await end;
    expect(Buffer.concat(packets).toString()).toBe('after the end');
  });

  it('reaches a socket whose path is longer than sun_path', async () => {
    const deep = join(folder, 'a'.repeat(100), 'b'.repeat(100));
    mkdirSync(deep, { recursive: true });
    await serve(join(deep, 'socket'), `peer.send(b'far')\npeer.close()`);
    const { packets, end } = connect(join(deep, 'socket'));
    await end;
    expect(packets.map(String)).toEqual(['far']);
  });

  it('ends once and refuses to send after close', async () => {
    const path = join(folder, 'closed');
    await serve(path, `peer.recv(1)`);
    const { connection, end } = connect(path);
    connection.close();
    connection.close();
    await expect(connection.send(Buffer.from('x'))).rejects.toMatchObject({ code: 'EPIPE' });
    expect(await end).toBeUndefined();
  });

  it('throws ENOENT where no socket is', () => {
    expect(() => connect(join(folder, 'missing'))).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'connect' }));
  });
});

describe('receiveDescriptor', () => {
  const send = (path: string): ChildProcess => {
    const program = `
import array, os, socket, sys
reader, writer = os.pipe()
os.write(writer, b'through the descriptor')
peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
peer.connect(sys.argv[1])
peer.sendmsg([b'/dev/ptmx'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [reader]))])
`;
    const child = spawn('python3', ['-c', program, path], { stdio: 'inherit' });
    servers.push(child);
    return child;
  };

  it('resolves with the descriptor and removes the socket', async () => {
    const { closeSync, existsSync, readFileSync } = await import('node:fs');
    const path = join(folder, 'console');
    const receiver = native().receiveDescriptor(path, 60_000);
    const sender = send(path);
    const fd = await receiver.descriptor;
    await once(sender, 'exit');
    expect(readFileSync(fd, 'utf8')).toBe('through the descriptor');
    closeSync(fd);
    expect(existsSync(path)).toBe(false);
  });

  it('rejects with ETIMEDOUT when nobody comes', async () => {
    await expect(native().receiveDescriptor(join(folder, 'late'), 1).descriptor).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('rejects with ECANCELED after cancel, once', async () => {
    const receiver = native().receiveDescriptor(join(folder, 'cancelled'), 60_000);
    receiver.cancel();
    receiver.cancel();
    await expect(receiver.descriptor).rejects.toMatchObject({ code: 'ECANCELED' });
  });

  it('throws when the path is taken', () => {
    expect(() => native().receiveDescriptor(folder, 1000)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  });
});
