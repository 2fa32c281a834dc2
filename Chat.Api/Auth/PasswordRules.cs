using System.Collections.Frozen;
using Chat.Contracts;
using Microsoft.AspNetCore.Identity;

namespace Chat.Api.Auth;

/// <summary>
/// NIST SP 800-63B and OWASP: length counts, composition rules do not; what attackers try first and what contains the username
/// is refused.
/// </summary>
internal sealed class PasswordRules : IPasswordValidator<Account>
{
    public const string Weak = nameof(Weak);

    // Of the most used passwords, those long enough to get past the length.
    private static readonly FrozenSet<string> MostUsed = FrozenSet.ToFrozenSet(
        [
            "1234567890", "12345678910", "123456789a", "1234567891", "0123456789", "9876543210", "0987654321", "123123123123",
            "1q2w3e4r5t", "1q2w3e4r5t6y", "qwertyuiop", "qwerty1234", "qwerty12345", "qwerty123456", "qwertyuiop123", "asdfghjkl1",
            "password12", "password123", "password1234", "password12345", "password123456", "passw0rd123", "p@ssw0rd123", "passwordpassword",
            "iloveyou12", "iloveyou123", "iloveyou1234", "welcome123", "welcome1234", "letmein123", "letmein1234", "administrator", "admin12345",
            "admin123456", "changeme123", "football123", "baseball123", "sunshine123", "princess123", "superman123", "michael123", "q1w2e3r4t5",
            "q1w2e3r4t5y6", "zaq12wsxcde3", "1qaz2wsx3edc", "abcdefghij", "abcdefghijk", "abc123456789", "a123456789", "aa123456789",
            "1111111111", "0000000000", "1212121212", "5555555555", "9999999999", "correcthorsebatterystaple",
        ],
        StringComparer.OrdinalIgnoreCase);

    public Task<IdentityResult> ValidateAsync(UserManager<Account> manager, Account user, string? password) =>
        Task.FromResult(Complaint(user.User.Username, password) is { } complaint
            ? IdentityResult.Failed(new IdentityError { Code = Weak, Description = complaint })
            : IdentityResult.Success);

    private static string? Complaint(string username, string? password) => password switch
    {
        null or { Length: < Limits.PasswordMin or > Limits.PasswordMax } =>
            $"A password has {Limits.PasswordMin} to {Limits.PasswordMax} characters.",
        _ when password.Distinct().Count() < 4 || MostUsed.Contains(password) => "This password is among the first that attackers try.",
        _ when password.Contains(username, StringComparison.OrdinalIgnoreCase) => "A password does not contain the username.",
        _ => null,
    };
}
