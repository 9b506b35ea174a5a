/* Compiles one policy file to a sealed bundle, as `writ compile` does.
 * usage: compile POLICY.writ BUNDLE      (exit code: 0 ok, 3 errors in the policy, 4 files) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <writ/writ.h>

static char* read_file(const char* path, size_t* length) {
    FILE* file = fopen(path, "rb");
    char* bytes = NULL;
    long size = -1;
    if (file == NULL) return NULL;
    if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0) bytes = malloc((size_t)size + 1);
    if (bytes != NULL) *length = fread(bytes, 1, (size_t)size, file);
    fclose(file);
    return bytes;
}

/* Reads tables and fixtures in the policy's folder or below it. This function opens the files, so it must refuse
 * paths that a policy may not name: absolute ones, and those that contain `..`. */
static bool read_beside(void* context, writ_text from, writ_text path, writ_data* data) {
    char full[4096];
    size_t folder = from.length, length = 0;
    char* bytes;
    bool read;
    (void)context;
    while (folder > 0 && from.data[folder - 1] != '/') --folder;
    if (path.length == 0 || path.data[0] == '/' || folder + path.length >= sizeof full) return false;
    memcpy(full, from.data, folder);
    memcpy(full + folder, path.data, path.length);
    full[folder + path.length] = '\0';
    if (strlen(full) != folder + path.length || strstr(full + folder, "..") != NULL) return false;
    bytes = read_file(full, &length);
    read = bytes != NULL && writ_data_append(data, bytes, length) == WRIT_OK;
    free(bytes);
    return read;
}

static int compile(writ_source source, const char* output) {
    writ_compile_options options = {.struct_size = sizeof options, .read_file = read_beside};
    writ_errors* findings = writ_errors_new();
    writ_bundle* bundle = NULL;
    const writ_status status = writ_compile(&source, 1, &options, &bundle, findings);
    int code = status == WRIT_OK ? 0 : 3;
    size_t i;
    for (i = 0; i < writ_errors_count(findings); ++i) { /* warnings, too */
        const writ_error each = writ_errors_at(findings, i);
        fprintf(stderr, "%.*s: %.*s: %.*s\n", (int)each.context.length, each.context.data, (int)each.code.length,
                each.code.data, (int)each.message.length, each.message.data);
    }
    if (status == WRIT_OK) {
        const writ_text sealed = writ_bundle_bytes(bundle);
        FILE* file = fopen(output, "wb");
        if (file == NULL || fwrite(sealed.data, 1, sealed.length, file) != sealed.length) code = 4;
        if (file != NULL && fclose(file) != 0) code = 4;
    }
    writ_bundle_free(bundle);
    writ_errors_free(findings);
    return code;
}

int main(int argc, char** argv) {
    writ_source source;
    size_t length = 0;
    char* text;
    int code;
    if (argc != 3) {
        fputs("usage: compile POLICY.writ BUNDLE\n", stderr);
        return 2;
    }
    text = read_file(argv[1], &length);
    if (text == NULL) {
        fprintf(stderr, "cannot read %s\n", argv[1]);
        return 4;
    }
    source.name = writ_text_of(argv[1]);
    source.stored = writ_text_of(strrchr(argv[1], '/') != NULL ? strrchr(argv[1], '/') + 1 : argv[1]);
    source.text.data = text;
    source.text.length = length;
    code = compile(source, argv[2]);
    free(text);
    return code;
}
