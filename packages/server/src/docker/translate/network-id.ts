/** Of a network that is always there; the same in every engine. */
export const builtInNetworkId = (name: string): string => Buffer.from(name).toString('hex').padEnd(64, '0');
