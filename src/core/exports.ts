/** What core.wasm exports, as it is: numbers are integers and addresses in its memory. assembly/ says what each does. */
export interface CoreExports {
  /** A WebAssembly.Memory; TypeScript knows that only with the library for browsers, which an embedder may be without. */
  readonly memory: { readonly buffer: ArrayBuffer };
  input(): number;

  identity_begin(length: number): number;
  identity_context(tag: number, length: number): number;
  identity_field(tag: number, length: number): number;
  identity_absent(): number;
  identity_end(): number;
  identity_digits(): number;
  sha256_begin(): void;
  sha256_update(length: number): number;
  sha256_end(): number;
  name_check(length: number, runDirectoryLength: number): number;
  name_digits(runDirectoryLength: number): number;

  options_begin(count: number): number;
  options_space(): number;
  options_room(): number;
  options_argument(length: number): number;
  options_end(): number;
  options_mode(): number;
  options_mediation(): number;
  options_flags(): number;
  options_script(): number;
  options_first_argument(): number;
  options_subject(): number;
  options_word_count(): number;
  options_word_role(index: number): number;
  options_word_text(index: number): number;
  options_word_length(index: number): number;

  preclean_begin(length: number, kept: number): number;
  preclean_name(length: number): number;
  preclean_collect(): number;
  preclean_ident(place: number): number;
  preclean_last_use(place: number, nanoseconds: bigint): number;
  preclean_select(): number;
  preclean_victim(order: number): number;

  request_begin(framing: number): number;
  request_string(): number;
  request_room(): number;
  request_environment(length: number): number;
  request_argument(length: number): number;
  request_end(): number;
  request_bytes(): number;
  request_length(): number;
  request_marker_length(): number;

  decoder_begin(): void;
  decoder_space(): number;
  decoder_room(): number;
  decoder_wanted(): number;
  decoder_received(length: number, descriptors: number): number;
  decoder_complete(): number;
  decoder_framing(): number;
  decoder_environment(): number;
  decoder_environment_length(): number;
  decoder_arguments(): number;
  decoder_arguments_length(): number;

  call_begin(): void;
  call_number(tag: number, value: number): number;
  call_cwd(): number;
  call_limit(resource: number, soft: bigint): number;
  call_bytes(tag: number, length: number): number;
  call_space(tag: number): number;
  call_room(tag: number): number;
  call_string(tag: number, length: number): number;
  call_traced(): number;
  call_end(): number;
  call_address(): number;
  call_length(): number;

  call_decoder_begin(): void;
  call_decoder_space(): number;
  call_decoder_room(): number;
  call_decoder_received(length: number, descriptors: number): number;
  call_decoder_complete(): number;
  call_decoder_field(tag: number): number;
  call_decoder_field_length(tag: number): number;
  call_decoder_number(tag: number): number;
  call_decoder_limit_count(): number;
  call_decoder_limit_resource(index: number): number;
  call_decoder_limit_soft(index: number): bigint;

  message_header(): number;
  message_bytes(): number;
  message_encode(kind: number, value: number): number;
  message_encode_refused(length: number): number;
  message_encode_moments(length: number): number;
  message_encode_reply(
    pid: number,
    running: number,
    waiting: number,
    spares: number,
    calls: bigint,
    uptime: bigint,
    idle: bigint,
    scriptLength: number,
    reasonLength: number,
  ): number;
  message_take(from: number, end: number): number;
  message_wanted(): number;
  message_kind(): number;
  message_number(tag: number): number;
  message_large(tag: number): bigint;
  message_moment_count(): number;
  message_moment(place: number): number;
  message_moment_time(place: number): bigint;
  message_field(tag: number): number;
  message_field_length(tag: number): number;
  message_subject(): number;

  greeting_encode(): number;
  greeting_begin(): void;
  greeting_push(length: number): number;
  greeting_extension(): number;
  status_encode(status: number): number;
  status_begin(): void;
  status_push(length: number): number;
  status_value(): number;
  wire_taken(): number;

  wait_status(table: number, status: number): number;
}
