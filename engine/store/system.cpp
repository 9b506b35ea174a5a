#include "store/system.h"

#include <utility>

namespace writ::store {

namespace {

Code code_of(os::What what) {
    switch (what) {
        case os::What::Missing: return Code::NothingThere;
        case os::What::Exists: return Code::AlreadyThere;
        case os::What::Denied: return Code::NotWritable;
        case os::What::NoSpace: return Code::NoSpace;
        case os::What::Busy: return Code::StoreLocked;
        case os::What::Damaged: return Code::StoreDamaged;
        case os::What::Foreign: return Code::NotAStore;
        case os::What::Refused: return Code::DatabaseFailed;
        case os::What::Exposed: return Code::SecretKeyOpen;
        case os::What::Malformed: return Code::MalformedKey;
        case os::What::TooLarge:
        case os::What::Io: return Code::StoreIoFailed;
    }
    return Code::StoreIoFailed;
}

std::string_view sentence_of(Code code) {
    switch (code) {
        case Code::NotAStore: return "the file is not a store";
        case Code::StoreDamaged: return "the store is damaged; `writ store verify` gives details";
        case Code::StoreLocked: return "another program has locked the store; nothing was changed; try again";
        case Code::NotWritable: return "this program cannot write to the store or its folder";
        case Code::NoSpace: return "there is no space left for the store; nothing was changed";
        case Code::StoreIoFailed: return "the file system failed; nothing was changed";
        default: return "the database failed";
    }
}

}  // namespace

Error error_of(os::Failure&& failure) {
    return writ::failure(code_of(failure.what), std::move(failure.reason), std::move(failure.path));
}

Error database_error(const os::Failure& failure) {
    const Code code = code_of(failure.what);
    return writ::failure(code, std::string(sentence_of(code)) + " (" + failure.reason + ")", failure.path);
}

}  // namespace writ::store
