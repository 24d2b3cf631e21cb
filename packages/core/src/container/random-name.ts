import { randomInt } from 'node:crypto';

const adjectives = `able amber brave bright brisk calm candid clever cosy crisp curious dapper deft eager earnest fair fleet
fond frank gentle glad golden happy hardy honest humble jolly keen kind lively loyal lucid lucky mellow merry mild modest
neat nimble noble patient placid plucky polite proud quick quiet ready robust serene sharp shy silent sincere sleek smart
snug solid spry stable steady stoic subtle sunny swift tender tidy tranquil trusty upbeat vivid warm wise witty zesty`.split(/\s+/);

/** People who made computing what it is. */
const surnames = `aho allen babbage backus bartik bell berners boole brooks cerf chomsky church codd cook corbato dijkstra
easley engelbart floyd franklin goldberg gray hamilton hamming hoare holberton hopper jennings johnson kahn karp kay keller
kernighan kleene knuth lamport lampson liskov lovelace mauchly mcCarthy milner minsky moore naur neumann newell noether
norvig nygaard pascal perlis perlman pike postel rabin ritchie rivest sammet scott shannon shamir simon stallman strachey
sutherland tarjan thompson torvalds turing ullman wilkes wilkinson wing wirth wozniak yao zuse`
  .toLowerCase()
  .split(/\s+/);

const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? '';

/** `brave_hopper`; after a few that are taken, with a number behind it. */
export function randomName(isTaken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt += 1) {
    const name = `${pick(adjectives)}_${pick(surnames)}${attempt < 6 ? '' : randomInt(10_000)}`;
    if (!isTaken(name)) return name;
  }
}
