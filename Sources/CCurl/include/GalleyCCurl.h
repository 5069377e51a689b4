// The functions of libcurl that the HTTP room calls. The library is opened at run time: linking it would make every
// start of the program slower, and programs without a network connection need no libcurl. The build needs no headers of
// libcurl: the numbers here are part of its stable binary interface.
#ifndef CCURL_H
#define CCURL_H

#include <stddef.h>
#include <stdint.h>

/// The functions of an opened library.
struct ccurl;

/// Opens a library by its file name and prepares it for use. Returns NULL if the library or one of its functions is
/// missing. It is never closed. Any thread may call this.
const struct ccurl *_Nullable ccurl_open(const char *_Nonnull name);

/// Options whose value is a number.
enum ccurl_number_option {
    CCURL_SSL_VERSION = 32,
    CCURL_LOW_SPEED_LIMIT = 19,
    CCURL_LOW_SPEED_TIME = 20,
    CCURL_NO_BODY = 44,
    CCURL_POST = 47,
    CCURL_FOLLOW_LOCATION = 52,
    CCURL_TUNNEL = 61,
    CCURL_VERIFY_PEER = 64,
    CCURL_FRESH_CONNECTION = 74,
    CCURL_VERIFY_HOST = 81,
    CCURL_HTTP_VERSION = 84,
    CCURL_NO_SIGNAL = 99,
    CCURL_AUTHENTICATION = 107,
    CCURL_PROXY_AUTHENTICATION = 111,
    CCURL_NO_DELAY = 121,
    CCURL_CONNECT_ONLY = 141,
    CCURL_TIMEOUT_MS = 155,
    CCURL_CONNECT_TIMEOUT_MS = 156,
    CCURL_CONTENT_DECODING = 158,
    CCURL_PROTOCOLS = 181,
    CCURL_KEEP_ALIVE = 213,
    CCURL_KEEP_ALIVE_IDLE = 214,
    CCURL_KEEP_ALIVE_INTERVAL = 215,
    CCURL_PATH_AS_IS = 234,
    CCURL_SUPPRESS_CONNECT_HEADERS = 265,
    CCURL_HTTP09_ALLOWED = 285,
    CCURL_QUICK_EXIT = 322,
};

/// Options whose value is a text, which libcurl copies.
enum ccurl_text_option {
    CCURL_URL = 10002,
    CCURL_PROXY = 10004,
    CCURL_USER_AGENT = 10018,
    CCURL_CUSTOM_REQUEST = 10036,
    CCURL_CA_FILE = 10065,
    CCURL_CA_FOLDER = 10097,
    CCURL_USER_NAME = 10173,
    CCURL_PASSWORD = 10174,
    CCURL_PROXY_USER_NAME = 10175,
    CCURL_PROXY_PASSWORD = 10176,
    CCURL_NO_PROXY = 10177,
    CCURL_PROXY_CA_FILE = 10246,
    CCURL_PROXY_CA_FOLDER = 10247,
};

/// Facts about a transfer.
enum ccurl_number_info {
    CCURL_RESPONSE_CODE = 0x200002,
    CCURL_REQUEST_SIZE = 0x20000C,
    CCURL_CONNECT_CODE = 0x200016,
    CCURL_SYSTEM_ERROR = 0x200019,
};

/// Result codes of transfers.
enum ccurl_code {
    CCURL_OK = 0,
    CCURL_UNSUPPORTED_PROTOCOL = 1,
    CCURL_MALFORMED_URL = 3,
    CCURL_UNRESOLVED_PROXY = 5,
    CCURL_UNRESOLVED_HOST = 6,
    CCURL_NOT_CONNECTED = 7,
    CCURL_WRITE_ERROR = 23,
    CCURL_OUT_OF_MEMORY = 27,
    CCURL_TIMED_OUT = 28,
    CCURL_TLS_FAILED = 35,
    CCURL_ABORTED = 42,
    CCURL_GOT_NOTHING = 52,
    CCURL_SEND_ERROR = 55,
    CCURL_RECEIVE_ERROR = 56,
    CCURL_PEER_UNVERIFIED = 60,
    CCURL_BAD_CA_FILE = 77,
    CCURL_AGAIN = 81,
    CCURL_ISSUER_ERROR = 83,
    CCURL_INVALID_CERTIFICATE_STATUS = 91,
    CCURL_PROXY_FAILED = 97,
};

/// Receives a part of the answer: `size` times `count` bytes. Returns the number of bytes that it accepts; fewer than
/// given end the transfer.
typedef size_t (*ccurl_receiver)(char *_Nullable bytes, size_t size, size_t count, void *_Nullable data);

/// Fills a buffer of `size` times `count` bytes with the next part of the body. Returns the number of bytes; 0 at the end.
typedef size_t (*ccurl_reader)(char *_Nullable bytes, size_t size, size_t count, void *_Nullable data);

/// Moves to a place in the body, for a repetition. Returns 0, or 1 if that is not possible.
typedef int (*ccurl_seeker)(void *_Nullable data, int64_t offset, int origin);

/// Decides whether a transfer continues: 0, or not. The counts are those of bytes, received and sent.
typedef int (*ccurl_progress)(
    void *_Nullable data, int64_t down_total, int64_t down, int64_t up_total, int64_t up);

// MARK: - One transfer

/// Creates a transfer; returns NULL without memory.
void *_Nullable ccurl_create(const struct ccurl *_Nonnull library);
void ccurl_free(const struct ccurl *_Nonnull library, void *_Nonnull transfer);
int ccurl_set_number(const struct ccurl *_Nonnull library, void *_Nonnull transfer, int option, long value);
int ccurl_set_text(
    const struct ccurl *_Nonnull library, void *_Nonnull transfer, int option, const char *_Nullable value);
/// Sets the body, which is copied.
int ccurl_set_body(
    const struct ccurl *_Nonnull library, void *_Nonnull transfer, const void *_Nonnull bytes, size_t count);
/// Sets the functions that give the body of so many bytes, part by part. Set ``CCURL_POST`` before.
int ccurl_set_body_reader(
    const struct ccurl *_Nonnull library, void *_Nonnull transfer, ccurl_reader _Nonnull read,
    ccurl_seeker _Nonnull seek, void *_Nullable data, size_t count);
/// Sets the header lines. The list must outlive the transfer.
int ccurl_set_headers(const struct ccurl *_Nonnull library, void *_Nonnull transfer, void *_Nullable list);
/// Sets the functions that receive the header lines and the body.
int ccurl_set_receivers(
    const struct ccurl *_Nonnull library, void *_Nonnull transfer, ccurl_receiver _Nonnull header,
    ccurl_receiver _Nonnull body, void *_Nullable data);
/// Sets the function that can end a transfer.
int ccurl_set_progress(
    const struct ccurl *_Nonnull library, void *_Nonnull transfer, ccurl_progress _Nonnull progress,
    void *_Nullable data);
/// Sets the buffer of at least ``CCURL_ERROR_SIZE`` bytes for the description of an error. It must outlive the
/// transfer.
int ccurl_set_error_buffer(const struct ccurl *_Nonnull library, void *_Nonnull transfer, char *_Nonnull buffer);
enum { CCURL_ERROR_SIZE = 256 };
/// Returns a fact about a transfer; -1 if libcurl does not know it.
long ccurl_number(const struct ccurl *_Nonnull library, void *_Nonnull transfer, int info);
/// Returns the descriptor of the transfer's connection, or -1.
int ccurl_descriptor(const struct ccurl *_Nonnull library, void *_Nonnull transfer);
/// Performs the transfer and returns its code.
int ccurl_perform(const struct ccurl *_Nonnull library, void *_Nonnull transfer);
/// Sends bytes on the transfer's connection, and sets how many.
int ccurl_send(
    const struct ccurl *_Nonnull library, void *_Nonnull transfer, const void *_Nonnull bytes, size_t size,
    size_t *_Nonnull count);
/// Receives bytes from the transfer's connection, and sets how many.
int ccurl_receive(
    const struct ccurl *_Nonnull library, void *_Nonnull transfer, void *_Nonnull bytes, size_t size,
    size_t *_Nonnull count);
/// Returns the text of a code, which is never freed.
const char *_Nonnull ccurl_text(const struct ccurl *_Nonnull library, int code);
/// Returns the path of the certificate file that libcurl uses by default; NULL if it has none or does not say.
const char *_Nullable ccurl_default_ca_file(const struct ccurl *_Nonnull library, void *_Nonnull transfer);

/// Appends a line to a list, NULL for a new one. Returns NULL without memory; the old list is unchanged then.
void *_Nullable ccurl_append(const struct ccurl *_Nonnull library, void *_Nullable list, const char *_Nonnull line);
void ccurl_free_list(const struct ccurl *_Nonnull library, void *_Nullable list);

// MARK: - Several transfers on one thread

/// Creates a set of transfers, which keep their connections for one another; returns NULL without memory.
void *_Nullable ccurl_create_set(const struct ccurl *_Nonnull library);
void ccurl_free_set(const struct ccurl *_Nonnull library, void *_Nonnull set);
int ccurl_add(const struct ccurl *_Nonnull library, void *_Nonnull set, void *_Nonnull transfer);
int ccurl_remove(const struct ccurl *_Nonnull library, void *_Nonnull set, void *_Nonnull transfer);
/// Does what is possible without waiting.
int ccurl_advance(const struct ccurl *_Nonnull library, void *_Nonnull set);
/// Waits until a transfer can advance, the set is woken, or the time is over.
int ccurl_wait(const struct ccurl *_Nonnull library, void *_Nonnull set, int milliseconds);
/// Ends ``ccurl_wait``, now or the next time. Any thread may call this.
int ccurl_wake(const struct ccurl *_Nonnull library, void *_Nonnull set);
/// Returns the next transfer that has ended, and sets its code; NULL if there is none.
void *_Nullable ccurl_next_ended(const struct ccurl *_Nonnull library, void *_Nonnull set, int *_Nonnull code);

// MARK: - The connection's descriptor

/// Blocks the signal for broken pipes on this thread: TLS libraries write without the flag that suppresses it.
void ccurl_block_broken_pipe_signal(void);
/// Sends small parts at once.
void ccurl_set_no_delay(int descriptor);
/// Acknowledges what has arrived at once. The system forgets this, so repeat it before each receive.
void ccurl_acknowledge_quickly(int descriptor);

#endif
