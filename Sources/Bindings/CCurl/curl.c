#include "CCurl.h"

#include <dlfcn.h>
#include <stdio.h>

// The name that says which binary interface it has.
static const char library_name[] = "libcurl.so.4";

#define CURL_FUNCTIONS(FUNCTION) \
  FUNCTION(curl_global_init) \
  FUNCTION(curl_easy_init) \
  FUNCTION(curl_easy_cleanup) \
  FUNCTION(curl_easy_strerror) \
  FUNCTION(curl_easy_setopt) \
  FUNCTION(curl_easy_getinfo) \
  FUNCTION(curl_slist_append) \
  FUNCTION(curl_slist_free_all) \
  FUNCTION(curl_multi_init) \
  FUNCTION(curl_multi_cleanup) \
  FUNCTION(curl_multi_setopt) \
  FUNCTION(curl_multi_add_handle) \
  FUNCTION(curl_multi_remove_handle) \
  FUNCTION(curl_multi_perform) \
  FUNCTION(curl_multi_poll) \
  FUNCTION(curl_multi_wakeup) \
  FUNCTION(curl_multi_info_read) \
  FUNCTION(curl_multi_strerror)

// The types are those of the header's declarations.
static struct {
#define CURL_DECLARE(name) __typeof__(&name) name;
  CURL_FUNCTIONS(CURL_DECLARE)
#undef CURL_DECLARE
} curl;

int xtblish_curl_load(char *message, size_t message_capacity) {
  void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    snprintf(message, message_capacity, "%s", reason ? reason : library_name);
    return -1;
  }
#define CURL_RESOLVE(name) \
  *(void **)&curl.name = dlsym(library, #name); \
  if (!curl.name) { \
    snprintf(message, message_capacity, "%s has no function %s: it is older than 7.68", library_name, #name); \
    return -1; \
  }
  CURL_FUNCTIONS(CURL_RESOLVE)
#undef CURL_RESOLVE
  CURLcode result = curl.curl_global_init(CURL_GLOBAL_ALL);
  if (result == CURLE_OK) return 0;
  snprintf(message, message_capacity, "%s", curl.curl_easy_strerror(result));
  return -1;
}

CURL *xtblish_curl_easy_init(void) { return curl.curl_easy_init(); }
void xtblish_curl_easy_cleanup(CURL *easy) { curl.curl_easy_cleanup(easy); }
const char *xtblish_curl_easy_strerror(CURLcode code) { return curl.curl_easy_strerror(code); }

struct curl_slist *xtblish_curl_slist_append(struct curl_slist *list, const char *line) {
  return curl.curl_slist_append(list, line);
}

void xtblish_curl_slist_free_all(struct curl_slist *list) { curl.curl_slist_free_all(list); }

CURLcode xtblish_curl_set_long(CURL *easy, CURLoption option, long value) {
  return curl.curl_easy_setopt(easy, option, value);
}

CURLcode xtblish_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return curl.curl_easy_setopt(easy, option, value);
}

CURLcode xtblish_curl_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl.curl_easy_setopt(easy, option, value);
}

CURLcode xtblish_curl_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl.curl_easy_setopt(easy, option, value);
}

CURLcode xtblish_curl_set_copied_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl.curl_easy_setopt(easy, option, &blob);
}

CURLcode xtblish_curl_set_headers(CURL *easy, struct curl_slist *headers) {
  return curl.curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}

CURLcode xtblish_curl_set_write(CURL *easy, curl_write_callback callback) {
  return curl.curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
}

CURLcode xtblish_curl_set_header(CURL *easy, curl_write_callback callback) {
  return curl.curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
}

CURLcode xtblish_curl_set_read(CURL *easy, curl_read_callback callback) {
  return curl.curl_easy_setopt(easy, CURLOPT_READFUNCTION, callback);
}

CURLcode xtblish_curl_set_seek(CURL *easy, curl_seek_callback callback) {
  return curl.curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
}

CURLcode xtblish_curl_set_progress(CURL *easy, curl_xferinfo_callback callback) {
  return curl.curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, callback);
}

CURLcode xtblish_curl_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl.curl_easy_getinfo(easy, info, value);
}

CURLcode xtblish_curl_get_string(CURL *easy, CURLINFO info, const char **value) {
  return curl.curl_easy_getinfo(easy, info, value);
}

CURLM *xtblish_curl_multi_init(void) { return curl.curl_multi_init(); }
CURLMcode xtblish_curl_multi_cleanup(CURLM *multi) { return curl.curl_multi_cleanup(multi); }

CURLMcode xtblish_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl.curl_multi_setopt(multi, option, value);
}

CURLMcode xtblish_curl_multi_add_handle(CURLM *multi, CURL *easy) { return curl.curl_multi_add_handle(multi, easy); }

CURLMcode xtblish_curl_multi_remove_handle(CURLM *multi, CURL *easy) {
  return curl.curl_multi_remove_handle(multi, easy);
}

CURLMcode xtblish_curl_multi_perform(CURLM *multi, int *running) { return curl.curl_multi_perform(multi, running); }

CURLMcode xtblish_curl_multi_poll(CURLM *multi, int timeout_milliseconds) {
  return curl.curl_multi_poll(multi, NULL, 0, timeout_milliseconds, NULL);
}

CURLMcode xtblish_curl_multi_wakeup(CURLM *multi) { return curl.curl_multi_wakeup(multi); }
CURLMsg *xtblish_curl_multi_info_read(CURLM *multi, int *left) { return curl.curl_multi_info_read(multi, left); }
const char *xtblish_curl_multi_strerror(CURLMcode code) { return curl.curl_multi_strerror(code); }
