/** Of the engine, and with it of the native API's `info`. Raised together with the packages. */
export const engineVersion = '0.1.0';
