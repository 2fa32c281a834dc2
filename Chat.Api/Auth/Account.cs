using Chat.Backends.Users;

namespace Chat.Api.Auth;

/// <summary>A user as Identity's managers see it: mutable until saved.</summary>
public sealed class Account(ChatUser user)
{
    public ChatUser User { get; set; } = user;
}
