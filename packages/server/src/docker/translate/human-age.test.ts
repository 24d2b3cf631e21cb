import { expect, test } from 'vitest';
import { humanAge } from './human-age.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

test.each([
  [-5, 'Less than a second'],
  [0.4, 'Less than a second'],
  [1, '1 second'],
  [59, '59 seconds'],
  [60, 'About a minute'],
  [2 * minute, '2 minutes'],
  [59 * minute, '59 minutes'],
  [hour, 'About an hour'],
  [47 * hour, '47 hours'],
  [2 * day, '2 days'],
  [13 * day, '13 days'],
  [15 * day, '2 weeks'],
  [70 * day, '2 months'],
  [800 * day, '2 years'],
])('%d seconds are told as %s', (seconds, text) => {
  expect(humanAge(seconds * 1000)).toBe(text);
});
