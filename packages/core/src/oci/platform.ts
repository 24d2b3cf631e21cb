/** In Go's words (`linux`, `amd64`), as the OCI image-spec asks. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}
