/** Of this program; the same as in its package.json. */
export const cliVersion = '0.1.0';
