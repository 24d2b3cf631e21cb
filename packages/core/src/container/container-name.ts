import { JockerError } from '../errors/jocker-error.ts';

/** A name as it is kept; docker clients send one with a slash in front. Throws `invalid-argument`. */
export function assertContainerName(given: string): string {
  const name = given.replace(/^\//, '');
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(name)) return name;
  throw new JockerError(
    'invalid-argument',
    `${JSON.stringify(given)} is no container name: two or more of letters, digits, _ . - and a letter or digit first`,
  );
}
