// Speaks the protocol of testcontainers' Ryuk (github.com/testcontainers/moby-ryuk), whose image is on a registry that tests do not reach:
// lines of label filters on port 8080, each answered with ACK; a while after the last connection has gone, everything that matches is removed.
import { request } from 'node:http';
import { createServer } from 'node:net';
import { hostname } from 'node:os';

const reconnectionMs = 1_000;
const filters = new Set();
const connections = new Set();
let timer;

const call = (method, path) =>
  new Promise((resolve, reject) => {
    request({ socketPath: '/var/run/docker.sock', method, path }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(text === '' ? undefined : JSON.parse(text)));
    })
      .on('error', reject)
      .end();
  });

async function removeAll() {
  for (const line of filters) {
    const labels = new URLSearchParams(line).getAll('label');
    const query = `filters=${encodeURIComponent(JSON.stringify({ label: labels }))}`;
    for (const { Id } of await call('GET', `/containers/json?all=1&${query}`)) {
      // Its own container goes when it ends.
      if (!Id.startsWith(hostname())) await call('DELETE', `/containers/${Id}?force=1&v=1`);
    }
    for (const { Id } of await call('GET', `/networks?${query}`)) await call('DELETE', `/networks/${Id}`);
    for (const { Name } of (await call('GET', `/volumes?${query}`)).Volumes) await call('DELETE', `/volumes/${Name}`);
  }
  process.exit(0);
}

createServer((socket) => {
  clearTimeout(timer);
  connections.add(socket);
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      filters.add(line.trim());
      socket.write('ACK\n');
    }
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    connections.delete(socket);
    if (connections.size === 0) timer = setTimeout(() => void removeAll(), reconnectionMs);
  });
}).listen(8080, () => console.log('Started!'));
