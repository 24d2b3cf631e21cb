// A program that uses testcontainers and is killed: `node testcontainers-user.ts`; prints the names of what it has started.
import { GenericContainer, Network } from 'testcontainers';

const network = await new Network().start();
const container = await new GenericContainer('host:busybox')
  .withNetwork(network)
  .withExposedPorts(80)
  .withCommand(['httpd', '-f', '-p', '80', '-h', '/etc'])
  .start();
const response = await fetch(`http://${container.getHost()}:${container.getMappedPort(80)}/hostname`);
process.stdout.write(`${JSON.stringify({ container: container.getId(), network: network.getName(), answered: response.status })}\n`);
setInterval(() => undefined, 1_000);
