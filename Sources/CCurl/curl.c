#include "GalleyCCurl.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    option_body = 10165,
    option_body_size = 30120,
    option_error_buffer = 10010,
    option_header_data = 10029,
    option_header_function = 20079,
    option_headers = 10023,
    option_no_progress = 43,
    option_progress_data = 10057,
    option_progress_function = 20219,
    option_read_data = 10009,
    option_read_function = 20012,
    option_seek_data = 10168,
    option_seek_function = 20167,
    option_socket_function = 20148,
    option_write_data = 10001,
    option_write_function = 20011,
    info_ca_file = 0x10003D,
    info_descriptor = 0x50002C,
    set_option_idle_connections = 6,
    message_done = 1,
    global_default = 3,
};

/// A message of a set of transfers, as libcurl defines it.
struct message {
    int kind;
    void *transfer;
    union {
        void *any;
        int code;
    } result;
};

struct ccurl {
    int (*global_init)(long);
    void *(*easy_init)(void);
    void (*easy_cleanup)(void *);
    int (*easy_setopt)(void *, int, ...);
    int (*easy_getinfo)(void *, int, ...);
    int (*easy_perform)(void *);
    int (*easy_send)(void *, const void *, size_t, size_t *);
    int (*easy_recv)(void *, void *, size_t, size_t *);
    const char *(*easy_strerror)(int);
    void *(*slist_append)(void *, const char *);
    void (*slist_free_all)(void *);
    void *(*multi_init)(void);
    int (*multi_cleanup)(void *);
    int (*multi_setopt)(void *, int, ...);
    int (*multi_add_handle)(void *, void *);
    int (*multi_remove_handle)(void *, void *);
    int (*multi_perform)(void *, int *);
    int (*multi_poll)(void *, void *, unsigned, int, int *);
    int (*multi_wakeup)(void *);
    struct message *(*multi_info_read)(void *, int *);
};

static int find(struct ccurl *found, void *library) {
    const struct {
        const char *name;
        void *place;
    } functions[] = {
        {"curl_global_init", &found->global_init},
        {"curl_easy_init", &found->easy_init},
        {"curl_easy_cleanup", &found->easy_cleanup},
        {"curl_easy_setopt", &found->easy_setopt},
        {"curl_easy_getinfo", &found->easy_getinfo},
        {"curl_easy_perform", &found->easy_perform},
        {"curl_easy_send", &found->easy_send},
        {"curl_easy_recv", &found->easy_recv},
        {"curl_easy_strerror", &found->easy_strerror},
        {"curl_slist_append", &found->slist_append},
        {"curl_slist_free_all", &found->slist_free_all},
        {"curl_multi_init", &found->multi_init},
        {"curl_multi_cleanup", &found->multi_cleanup},
        {"curl_multi_setopt", &found->multi_setopt},
        {"curl_multi_add_handle", &found->multi_add_handle},
        {"curl_multi_remove_handle", &found->multi_remove_handle},
        {"curl_multi_perform", &found->multi_perform},
        {"curl_multi_poll", &found->multi_poll},
        {"curl_multi_wakeup", &found->multi_wakeup},
        {"curl_multi_info_read", &found->multi_info_read},
    };
    for (size_t index = 0; index < sizeof functions / sizeof *functions; index++) {
        void *function = dlsym(library, functions[index].name);
        if (!function) return 0;
        memcpy(functions[index].place, &function, sizeof function);
    }
    return 1;
}

const struct ccurl *ccurl_open(const char *name) {
    // Older versions of libcurl need their preparation by one thread at a time.
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    struct ccurl *found = NULL;
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library) {
        found = calloc(1, sizeof *found);
        if (found && (!find(found, library) || found->global_init(global_default) != 0)) {
            free(found);
            found = NULL;
        }
        if (!found) dlclose(library);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/// Keeps a new socket from programs that this process starts.
static int prepare_socket(void *data, int descriptor, int purpose) {
    (void)data;
    (void)purpose;
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return 0;
}

void *ccurl_create(const struct ccurl *library) {
    void *transfer = library->easy_init();
    if (transfer) library->easy_setopt(transfer, option_socket_function, prepare_socket);
    return transfer;
}

void ccurl_free(const struct ccurl *library, void *transfer) { library->easy_cleanup(transfer); }

int ccurl_set_number(const struct ccurl *library, void *transfer, int option, long value) {
    return library->easy_setopt(transfer, option, value);
}

int ccurl_set_text(const struct ccurl *library, void *transfer, int option, const char *value) {
    return library->easy_setopt(transfer, option, value);
}

int ccurl_set_body(const struct ccurl *library, void *transfer, const void *bytes, size_t count) {
    // The size comes first: libcurl copies as many bytes.
    int code = library->easy_setopt(transfer, option_body_size, (int64_t)count);
    return code ? code : library->easy_setopt(transfer, option_body, bytes);
}

int ccurl_set_body_reader(
    const struct ccurl *library, void *transfer, ccurl_reader read, ccurl_seeker seek, void *data, size_t count) {
    int code = library->easy_setopt(transfer, option_body_size, (int64_t)count);
    if (!code) code = library->easy_setopt(transfer, option_read_function, read);
    if (!code) code = library->easy_setopt(transfer, option_read_data, data);
    if (!code) code = library->easy_setopt(transfer, option_seek_function, seek);
    return code ? code : library->easy_setopt(transfer, option_seek_data, data);
}

int ccurl_set_headers(const struct ccurl *library, void *transfer, void *list) {
    return library->easy_setopt(transfer, option_headers, list);
}

int ccurl_set_receivers(
    const struct ccurl *library, void *transfer, ccurl_receiver header, ccurl_receiver body, void *data) {
    int code = library->easy_setopt(transfer, option_header_function, header);
    if (!code) code = library->easy_setopt(transfer, option_header_data, data);
    if (!code) code = library->easy_setopt(transfer, option_write_function, body);
    return code ? code : library->easy_setopt(transfer, option_write_data, data);
}

int ccurl_set_progress(const struct ccurl *library, void *transfer, ccurl_progress progress, void *data) {
    int code = library->easy_setopt(transfer, option_progress_function, progress);
    if (!code) code = library->easy_setopt(transfer, option_progress_data, data);
    return code ? code : library->easy_setopt(transfer, option_no_progress, 0L);
}

int ccurl_set_error_buffer(const struct ccurl *library, void *transfer, char *buffer) {
    return library->easy_setopt(transfer, option_error_buffer, buffer);
}

long ccurl_number(const struct ccurl *library, void *transfer, int info) {
    long number = -1;
    return library->easy_getinfo(transfer, info, &number) == 0 ? number : -1;
}

int ccurl_descriptor(const struct ccurl *library, void *transfer) {
    int descriptor = -1;
    return library->easy_getinfo(transfer, info_descriptor, &descriptor) == 0 ? descriptor : -1;
}

int ccurl_perform(const struct ccurl *library, void *transfer) { return library->easy_perform(transfer); }

int ccurl_send(const struct ccurl *library, void *transfer, const void *bytes, size_t size, size_t *count) {
    *count = 0;
    return library->easy_send(transfer, bytes, size, count);
}

int ccurl_receive(const struct ccurl *library, void *transfer, void *bytes, size_t size, size_t *count) {
    *count = 0;
    return library->easy_recv(transfer, bytes, size, count);
}

const char *ccurl_text(const struct ccurl *library, int code) { return library->easy_strerror(code); }

const char *ccurl_default_ca_file(const struct ccurl *library, void *transfer) {
    char *path = NULL;
    return library->easy_getinfo(transfer, info_ca_file, &path) == 0 ? path : NULL;
}

void *ccurl_append(const struct ccurl *library, void *list, const char *line) {
    return library->slist_append(list, line);
}

void ccurl_free_list(const struct ccurl *library, void *list) { library->slist_free_all(list); }

void *ccurl_create_set(const struct ccurl *library) {
    void *set = library->multi_init();
    if (set) library->multi_setopt(set, set_option_idle_connections, 16L);
    return set;
}

void ccurl_free_set(const struct ccurl *library, void *set) { library->multi_cleanup(set); }

int ccurl_add(const struct ccurl *library, void *set, void *transfer) {
    return library->multi_add_handle(set, transfer);
}

int ccurl_remove(const struct ccurl *library, void *set, void *transfer) {
    return library->multi_remove_handle(set, transfer);
}

int ccurl_advance(const struct ccurl *library, void *set) {
    int running = 0;
    return library->multi_perform(set, &running);
}

int ccurl_wait(const struct ccurl *library, void *set, int milliseconds) {
    return library->multi_poll(set, NULL, 0, milliseconds, NULL);
}

int ccurl_wake(const struct ccurl *library, void *set) { return library->multi_wakeup(set); }

void *ccurl_next_ended(const struct ccurl *library, void *set, int *code) {
    int remaining = 0;
    struct message *message;
    while ((message = library->multi_info_read(set, &remaining))) {
        if (message->kind != message_done) continue;
        *code = message->result.code;
        return message->transfer;
    }
    return NULL;
}

void ccurl_block_broken_pipe_signal(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

void ccurl_set_no_delay(int descriptor) {
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void ccurl_acknowledge_quickly(int descriptor) {
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}
